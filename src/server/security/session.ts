/**
 * A browser's session is a cookie that only this server's key can make: `expiry.nonce.signature`. Nothing is stored, so a
 * server started again with the same key knows its browsers.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { equalSecrets } from './equal-secrets.ts';

/** Days until a browser must show the token or the password again. */
export const SESSION_SECONDS = 30 * 24 * 3600;

const sign = (key: string, content: string): string =>
  createHmac('sha256', key).update(content).digest('base64url');

/** @param now - Seconds since 1970. */
export function issueSession(key: string, now = Date.now() / 1000): string {
  const content = `${Math.floor(now + SESSION_SECONDS)}.${randomBytes(12).toString('base64url')}`;
  return `${content}.${sign(key, content)}`;
}

/** Whether a cookie was issued with this key and has not expired. */
export function isSession(
  key: string,
  cookie: string | undefined,
  now = Date.now() / 1000,
): boolean {
  const [expiry = '', nonce = '', signature = '', ...rest] = (cookie ?? '').split('.');
  if (rest.length > 0 || !/^\d{1,12}$/.test(expiry)) return false;
  return equalSecrets(sign(key, `${expiry}.${nonce}`), signature) && Number(expiry) > now;
}
