import { Readable } from 'node:stream';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { DeliveryError } from './delivery-error.ts';
import { isLocalServer, type SmtpSettings } from './smtp-settings.ts';

/** A message as it goes over the wire, and between whom. */
export interface Envelope {
  readonly from: string;
  readonly to: string;
}

export interface DeliverOptions {
  /**
   * Called once the server waits for the end of the message, just before it is sent: from here on the server may have
   * accepted it without our knowing.
   */
  readonly onOffer: () => void;
  readonly timeoutMs?: number;
}

/**
 * Gives one message to a mail server and waits for its word. One connection a message: digests are few.
 * @returns what the server said.
 * @throws DeliveryError when it was not accepted, or nobody can tell.
 */
export async function deliverMessage(
  settings: SmtpSettings,
  envelope: Envelope,
  raw: Buffer,
  { onOffer, timeoutMs = 60_000 }: DeliverOptions,
): Promise<string> {
  let isOffered = false;
  const offer = (): void => {
    onOffer();
    isOffered = true;
  };
  const connection = new SMTPConnection(connectionOptions(settings, timeoutMs));
  try {
    return await converse(connection, settings, envelope, offeringStream(raw, offer));
  } catch (cause) {
    throw DeliveryError.from(cause, settings, isOffered);
  } finally {
    connection.close();
  }
}

function connectionOptions({ host, port, secure, user }: SmtpSettings, timeoutMs: number) {
  return {
    host,
    port,
    secure,
    // A password goes over TLS only, whatever somebody on the way makes of the server's offer.
    requireTLS: user !== null && !secure && !isLocalServer({ host } as SmtpSettings),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
  };
}

/** Tells when the end of the message is read: the server said 354 then, and the final dot is still to come. */
function offeringStream(raw: Buffer, onOffer: () => void): Readable {
  let isWritten = false;
  return new Readable({
    read() {
      if (!isWritten) {
        isWritten = true;
        this.push(raw);
        return;
      }
      try {
        onOffer();
        this.push(null);
      } catch (error) {
        this.destroy(error as Error);
      }
    },
  });
}

function converse(
  connection: SMTPConnection,
  { user, password }: SmtpSettings,
  envelope: Envelope,
  message: Readable,
): Promise<string> {
  return new Promise((resolve, reject) => {
    connection.on('error', reject);
    connection.on('end', () => reject(new Error('the server closed the connection')));
    const send = () =>
      connection.send({ from: envelope.from, to: [envelope.to] }, message, (error, info) => {
        if (error) reject(error);
        else resolve(info?.response ?? '');
        connection.quit();
      });
    connection.connect((error) => {
      if (error) reject(error);
      else if (user === null) send();
      else
        connection.login({ user, pass: password ?? '' }, (refusal) =>
          refusal ? reject(refusal) : send(),
        );
    });
  });
}
