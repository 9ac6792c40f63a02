import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterAll, onTestFinished } from 'vitest';

/** A message that the server accepted, or would have. */
export interface Captured {
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: string;
  readonly mail: ParsedMail;
}

/** What the server says at a point of the conversation: nothing, or an answer like `450 later`. */
type Answer = { readonly code: number; readonly text: string } | undefined;

export interface MailServerOptions extends SMTPServerOptions {
  /** Asked at each `RCPT TO`. */
  readonly onRecipient?: (address: string) => Answer;
  /** Asked when a whole message is in, which counts as accepted unless there is an answer. */
  readonly onMessage?: (captured: Captured) => Answer | Promise<Answer>;
}

/** A mail server on this machine that keeps what it is sent; it goes when the test ends, or the file's tests where it is started outside of one. */
export async function startMailServer({
  onRecipient = () => undefined,
  onMessage = () => undefined,
  ...options
}: MailServerOptions = {}) {
  const messages: Captured[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onRcptTo({ address }, _session, callback) {
      callback(refusal(onRecipient(address)));
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', async () => {
        const raw = Buffer.concat(chunks).toString();
        const { mailFrom, rcptTo } = session.envelope;
        const captured: Captured = {
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          raw,
          mail: await simpleParser(raw),
        };
        const answer = await onMessage(captured);
        if (answer === undefined) messages.push(captured);
        callback(refusal(answer), 'kept');
      });
    },
    ...options,
  });
  server.on('error', () => {}); // A client that is killed resets its connection.
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  whenDone(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const address = server.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { messages, port, url: `smtp://127.0.0.1:${port}` };
}

function refusal(answer: Answer): Error | null {
  if (answer === undefined) return null;
  return Object.assign(new Error(answer.text), { responseCode: answer.code });
}

/** When the test ends, or the tests of the file where it is called outside of one. */
function whenDone(clean: () => Promise<void>): void {
  try {
    onTestFinished(clean);
  } catch {
    afterAll(clean); // Not within a test.
  }
}
