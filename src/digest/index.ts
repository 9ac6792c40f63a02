export { digestEvery, digestOnce } from './keep-sending.ts';
export { readMailAddress, requireMailAddress } from './mail/mail-address.ts';
export type { MailSettings } from './mail/mail-settings.ts';
export { parseSmtpUrl, type SmtpSettings } from './mail/smtp-settings.ts';
export {
  findMail,
  type MailConfig,
  mailOptions,
  publicUrlOf,
  resolveMail,
} from './mail-options.ts';
export { type RequestOutcome, requestSubscription } from './request-subscription.ts';
export { digestPass, type PassReport } from './run-digests.ts';
export type { SendEvent } from './send-due.ts';
export { readToken, type TokenClaims, type TokenPurpose } from './signed-token.ts';
export { DigestStore, digestFolder, withDigestStore } from './store/digest-store.ts';
export type { Subscriber } from './store/subscribers.ts';
