import { setTimeout as sleep } from 'node:timers/promises';
import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { startServer } from './start-server.ts';

test('closing finishes the answers under way and waits for no connection that is kept open', async () => {
  const app = new Hono();
  app.get('/', async (context) => {
    await sleep(200);
    return context.text('done');
  });
  const server = await startServer(app, { port: 0 });
  // One connection has been used and is idle, one is waiting for its answer.
  await (await fetch(server.origin)).text();
  const late = fetch(server.origin).then((response) => response.text());
  await sleep(50);
  const startedAt = performance.now();
  await server.close();
  expect(await late).toBe('done');
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  await expect(fetch(server.origin)).rejects.toThrow();
});
