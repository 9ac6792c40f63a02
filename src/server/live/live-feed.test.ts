import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testDashboard } from '../../../test/support/dashboard.ts';
import { startFakeRun } from '../../../test/support/fake-run.ts';
import { listen } from '../../../test/support/live-client.ts';
import { temporaryRoots } from '../../../test/support/temporary-root.ts';
import { type Run, RunStore, StoreSink } from '../../runs/index.ts';
import { readCursor, writeCursor } from './live-cursor.ts';

const newFolder = temporaryRoots();

/** A run that enters what it logs in the database, as trainers do. */
function startRun(root: string, name = 'sums'): { run: Run; log: (...steps: number[]) => void } {
  const run = startFakeRun(root, { name });
  const sink = new StoreSink(run, {
    warn: (message) => {
      throw new Error(message);
    },
  });
  sink.open();
  return {
    run,
    log: (...steps) => {
      for (const step of steps)
        sink.write({ step, time: 1_700_000_000 + step, metrics: { reward: step } });
      sink.sync();
    },
  };
}

describe('live events', () => {
  it('tell of a run that appears and of each line it logs', async () => {
    const root = newFolder();
    const dashboard = await testDashboard(root);
    const client = listen(dashboard);
    expect(await client.next('hello')).toEqual({ version: 'test', resumed: false });
    const { log } = startRun(root);
    const { ids } = await client.next('runs-changed', ({ ids: changed }) => changed.length > 0);
    expect(ids).toEqual([1]);
    log(1);
    expect((await client.next('points')).lines).toMatchObject([{ step: 1 }]);
    log(2, 3);
    const last = await client.next('points', ({ lines }) => lines.at(-1)?.step === 3);
    expect(last).toMatchObject({
      runId: 1,
      lines: [{ step: 2, metrics: { reward: 2 } }, { step: 3 }],
    });
  });

  it('go on after a broken connection, and after another server took over', async () => {
    const root = newFolder();
    const { log } = startRun(root);
    const first = await testDashboard(root);
    const client = listen(first);
    await client.next('hello');
    log(1);
    await client.next('points');
    client.close();
    log(2);
    const again = listen(first, client.lastId());
    expect((await again.next('hello')).resumed).toBe(true);
    expect((await again.next('points')).lines.map(({ step }) => step)).toEqual([2]);
    await first.close();
    await expect.poll(again.isOpen).toBe(false);
    log(3);
    const second = await testDashboard(root);
    const later = listen(second, again.lastId());
    expect((await later.next('hello')).resumed).toBe(true);
    expect((await later.next('points')).lines.map(({ step }) => step)).toEqual([3]);
  });

  it('start anew where the database is another one, for those that listen too', async () => {
    const root = newFolder();
    const { run, log } = startRun(root);
    log(1);
    const dashboard = await testDashboard(root);
    const client = listen(dashboard);
    await client.next('hello');
    run.close('interrupted', { lastStep: 1 });
    for (const name of ['laurel.db', 'laurel.db-wal', 'laurel.db-shm'])
      rmSync(join(root, name), { force: true });
    RunStore.repair(root);
    await expect.poll(() => client.received.filter(({ name }) => name === 'hello').length).toBe(2);
    const stale = listen(dashboard, '0.999.999');
    expect((await stale.next('hello')).resumed).toBe(false);
  });

  it('give signs of life, and cost nothing once nobody listens', async () => {
    const dashboard = await testDashboard(newFolder(), { live: { pollMs: 10, beatMs: 20 } });
    const clients = Array.from({ length: 50 }, () => listen(dashboard));
    await Promise.all(clients.map((client) => client.next('hello')));
    expect(dashboard.listenerCount()).toBe(50);
    await expect.poll(clients[0]!.text).toContain(': beat');
    for (const client of clients) client.close();
    await expect.poll(dashboard.listenerCount).toBe(0);
  });
});

describe('cursors', () => {
  it('are read as they are written, and refused otherwise', () => {
    const cursor = { database: 'a1', change: 12, event: 3 };
    expect(readCursor(writeCursor(cursor))).toEqual(cursor);
    for (const text of [undefined, '', '1', 'a.b.c', 'a.1', 'a.1.1.1', 'A.1.1', 'a.-1.0'])
      expect(readCursor(text)).toBeUndefined();
  });
});
