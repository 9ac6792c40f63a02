import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a link in a mail lets its reader do; a token for one is none for the other. */
export type TokenPurpose = 'confirm' | 'unsubscribe';

/** What a token says. */
export interface TokenClaims {
  readonly purpose: TokenPurpose;
  /** The subscriber's row; an address would end up in server logs. */
  readonly subscriber: number;
  /** Changes with each new request to subscribe, so that an old mail's link confirms nothing; empty for unsubscribing. */
  readonly nonce: string;
  /** Seconds since 1970 after which it is void; null for never. */
  readonly expires: number | null;
}

const sign = (key: Buffer, content: string): Buffer =>
  createHmac('sha256', key).update(`laurel digest\n${content}`).digest();

/** A token that only this key can make: `claims.signature`, both base64url. */
export function signToken(
  key: Buffer,
  { purpose, subscriber, nonce, expires }: TokenClaims,
): string {
  const claims = JSON.stringify([purpose, subscriber, nonce, expires]);
  const content = Buffer.from(claims).toString('base64url');
  return `${content}.${sign(key, content).toString('base64url')}`;
}

/** The claims of a token of this key and purpose that has not expired; undefined for any other text. */
export function readToken(
  key: Buffer,
  token: string,
  purpose: TokenPurpose,
  now = Date.now() / 1000,
): TokenClaims | undefined {
  const [, content = '', signature = ''] = /^([\w-]{1,400})\.([\w-]{43})$/.exec(token) ?? [];
  const given = Buffer.from(signature, 'base64url');
  const own = sign(key, content);
  if (given.length !== own.length || !timingSafeEqual(given, own)) return undefined;
  const [made, subscriber, nonce, expires] = JSON.parse(
    Buffer.from(content, 'base64url').toString(),
  ) as [TokenPurpose, number, string, number | null];
  if (made !== purpose || (expires !== null && expires < now)) return undefined;
  return { purpose, subscriber, nonce, expires };
}
