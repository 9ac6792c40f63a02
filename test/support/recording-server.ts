import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';

/** A request as it came. */
export interface RecordedRequest {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

/** What is answered; undefined: the connection is closed without an answer. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

/** An HTTP server on loopback that writes down what it is asked, as JSON; closed when the tests of the file are done. */
export async function recordingServer(answer: (request: RecordedRequest) => Answer | undefined) {
  const requests: RecordedRequest[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const request = await record(incoming);
    requests.push(request);
    const given = answer(request);
    if (given === undefined) {
      incoming.socket.destroy();
      return;
    }
    outgoing.writeHead(given.status, { 'content-type': 'application/json' });
    outgoing.end(JSON.stringify(given.body ?? {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterAll(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

async function record(incoming: IncomingMessage): Promise<RecordedRequest> {
  let text = '';
  for await (const part of incoming) text += String(part);
  const { url = '', headers } = incoming;
  return { path: url, authorization: headers.authorization, body: JSON.parse(text) };
}
