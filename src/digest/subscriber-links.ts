import type { MailLinks } from './mail/mail-links.ts';
import type { MailSettings } from './mail/mail-settings.ts';
import { signToken } from './signed-token.ts';

/** Days for which the link of a confirmation works. */
const CONFIRM_DAYS = 7;

/** The links of a digest to a subscriber; that which unsubscribes works for ever. */
export function linksFor(
  key: Buffer,
  subscriber: number,
  { publicUrl, from }: Pick<MailSettings, 'publicUrl' | 'from'>,
): MailLinks {
  const token = signToken(key, { purpose: 'unsubscribe', subscriber, nonce: '', expires: null });
  return {
    publicUrl,
    unsubscribeUrl:
      publicUrl === null ? null : `${publicUrl}/subscriptions/unsubscribe?token=${token}`,
    unsubscribeMail: `mailto:${from}?subject=${encodeURIComponent(`unsubscribe ${token}`)}`,
  };
}

/** The page on which a request is confirmed. */
export function confirmUrl(
  key: Buffer,
  { id, nonce }: { id: number; nonce: string },
  { baseUrl, now }: { baseUrl: string; now: Date },
): string {
  const expires = Math.floor(now.getTime() / 1000) + CONFIRM_DAYS * 86_400;
  const token = signToken(key, { purpose: 'confirm', subscriber: id, nonce, expires });
  return `${baseUrl}/subscriptions/confirm?token=${token}`;
}
