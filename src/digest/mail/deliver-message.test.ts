import { connect, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startMailServer } from '../../../test/support/mail-server.ts';
import { deliverMessage } from './deliver-message.ts';
import { DeliveryError } from './delivery-error.ts';
import { parseSmtpUrl } from './smtp-settings.ts';

const envelope = { from: 'laurel@example.org', to: 'ada@example.org' };
const message = Buffer.from('Subject: hello\r\n\r\n.a line with a dot\r\n');

const deliver = async (url: string, onOffer = () => {}, timeoutMs = 5000) =>
  deliverMessage(parseSmtpUrl(url), envelope, message, { onOffer, timeoutMs });

const failureOf = (promise: Promise<unknown>): Promise<DeliveryError> =>
  promise.then(
    () => expect.unreachable('it was accepted'),
    (error) => {
      expect(error).toBeInstanceOf(DeliveryError);
      return error;
    },
  );

test('a message arrives as it is, and is offered once, before the server knows that it is whole', async () => {
  const events: string[] = [];
  const { url, messages } = await startMailServer({
    onMessage: () => {
      events.push('whole');
      return undefined;
    },
  });
  await deliver(url, () => events.push('offered'));
  expect(events).toEqual(['offered', 'whole']);
  expect(messages[0]).toMatchObject({ from: envelope.from, to: [envelope.to] });
  expect(messages[0]?.raw).toBe(message.toString());
});

test.each([
  [450, 'temporary'],
  [550, 'permanent'],
])('a recipient refused with %i is a %s failure, and nothing is offered', async (code, failure) => {
  const { url } = await startMailServer({ onRecipient: () => ({ code, text: 'not you' }) });
  const onOffer = () => expect.unreachable('offered');
  expect(await failureOf(deliver(url, onOffer))).toMatchObject({
    failure,
    message: expect.stringMatching(/^127\.0\.0\.1:\d+: .*not you/),
  });
});

test.each([
  [451, 'temporary'],
  [554, 'permanent'],
])('a message refused with %i is a %s failure', async (code, failure) => {
  const { url } = await startMailServer({ onMessage: () => ({ code, text: 'not this' }) });
  expect(await failureOf(deliver(url))).toMatchObject({ failure });
});

test('a wrong password is a matter of settings: the message waits, and the password is not told', async () => {
  const { port } = await startMailServer({
    onAuth: ({ password }, _session, callback) =>
      callback(Object.assign(new Error(`no ${password} here`), { responseCode: 535 })),
  });
  const error = await failureOf(deliver(`smtp://ada:se%2Fcret@127.0.0.1:${port}`));
  expect(error.failure).toBe('temporary');
  expect(error.message).toContain('no *** here');
  expect(JSON.stringify(error)).not.toContain('se/cret');
});

test('a password never crosses the network without TLS', async () => {
  let logins = 0;
  const { port, messages } = await startMailServer({
    onAuth: (_auth, _session, callback) => {
      logins++;
      callback(null, { user: 'ada' });
    },
  });
  // 127.0.0.2 is loopback too, but not one of the names that count as this machine.
  const relay = createServer((socket) => socket.pipe(connect(port, '127.0.0.1')).pipe(socket));
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.2', resolve));
  onTestFinished(() => void relay.close());
  const { port: relayed } = relay.address() as { port: number };
  const error = await failureOf(deliver(`smtp://ada:secret@127.0.0.2:${relayed}`));
  expect(error).toMatchObject({ failure: 'temporary', message: expect.stringMatching(/TLS/i) });
  expect({ logins, messages }).toEqual({ logins: 0, messages: [] });
});

test('nobody listening is a temporary failure', async () => {
  expect(await failureOf(deliver('smtp://127.0.0.1:1'))).toMatchObject({
    failure: 'temporary',
    message: expect.stringContaining('ECONNREFUSED'),
  });
});

/** A server that speaks until the message's end and then does `atEnd`. */
async function scripted(atEnd: (end: () => void) => void): Promise<string> {
  const replies: Record<string, string> = {
    EHLO: '250 ok',
    MAIL: '250 ok',
    RCPT: '250 ok',
    DATA: '354 go on',
  };
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write('220 hello\r\n');
    socket.on('data', (chunk) => {
      const text = chunk.toString();
      if (text.endsWith('\r\n.\r\n')) return atEnd(() => socket.destroy());
      const reply = replies[text.slice(0, 4)];
      if (reply !== undefined) socket.write(`${reply}\r\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `smtp://127.0.0.1:${(server.address() as { port: number }).port}`;
}

test('a server that vanishes after the message’s end may have accepted it', async () => {
  const url = await scripted((end) => end());
  expect(await failureOf(deliver(url))).toMatchObject({ failure: 'unknown' });
});

test('a server that never answers after the message’s end may have accepted it', async () => {
  const url = await scripted(() => {});
  expect(await failureOf(deliver(url, undefined, 300))).toMatchObject({ failure: 'unknown' });
});

test('where the offer cannot be noted down, the message is not sent', async () => {
  const { url, messages } = await startMailServer();
  const onOffer = () => {
    throw new Error('disk full');
  };
  await expect(deliver(url, onOffer)).rejects.toThrow('disk full');
  expect(messages).toEqual([]);
});
