import { LaurelError } from '../../errors.ts';
import { describeServer, type SmtpSettings } from './smtp-settings.ts';

/** Whether trying again makes sense, and whether the message may have arrived all the same. */
export type DeliveryFailure = 'temporary' | 'permanent' | 'unknown';

/** A message that a mail server did not accept, or whose fate nobody can tell. */
export class DeliveryError extends LaurelError {
  override name = 'DeliveryError';
  readonly failure: DeliveryFailure;

  constructor(message: string, failure: DeliveryFailure, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }

  /**
   * What the connection threw. A reply of 500 and more to the recipient or the message is final (RFC 5321 4.2.1); to anything
   * before, a password say, it is a matter of settings, and the message waits. Without a reply the message may have been
   * accepted once its end was sent. The cause is left out: it may hold the password.
   */
  static from(cause: unknown, settings: SmtpSettings, isOffered: boolean): DeliveryError {
    const { message, responseCode, command } = cause as Error & {
      responseCode?: number;
      command?: string;
    };
    const text = `${describeServer(settings)}: ${withoutSecrets(message, settings)}`;
    if (responseCode !== undefined) {
      const isFinal = responseCode >= 500 && ['RCPT TO', 'DATA'].includes(command ?? '');
      return new DeliveryError(text, isFinal ? 'permanent' : 'temporary');
    }
    return new DeliveryError(text, isOffered ? 'unknown' : 'temporary');
  }
}

/** Servers repeat what they were sent; the password is none of a log's business. */
function withoutSecrets(text: string, { user, password }: SmtpSettings): string {
  if (user === null || password === null) return text;
  const plain = Buffer.from(`\0${user}\0${password}`).toString('base64');
  const secrets = [password, Buffer.from(password).toString('base64'), plain];
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
}
