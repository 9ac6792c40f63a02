import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { endedRun } from '../../test/support/ended-run.ts';
import { type MailServerOptions, startMailServer } from '../../test/support/mail-server.ts';
import { temporaryRoots } from '../../test/support/temporary-root.ts';
import { Database } from '../runs/store/database.ts';
import { RunStore } from '../runs/store/index.ts';
import { gatherContent } from './gather-content.ts';
import { digestPass, parseSmtpUrl, withDigestStore } from './index.ts';
import type { SendEvent } from './send-due.ts';

const newRoot = temporaryRoots();
const start = Date.now();
const hours = (count: number) => new Date(start + count * 3_600_000);

/** A root with one run, its subscribers, and passes at times of the test's choosing. */
async function desk(
  subscribers: readonly string[] = ['ada@example.org'],
  options: MailServerOptions = {},
) {
  const root = newRoot();
  endedRun(root, 'sums', { lines: [{ reward: 0.5 }] }); // A single point: no plot to draw.
  const { messages, url } = await startMailServer(options);
  withDigestStore(root, (store) => {
    const since = hours(-24).toISOString();
    for (const email of subscribers) store.subscribers.add(email, { since, now: hours(-1) });
  });
  const events: SendEvent[] = [];
  const pass = (now = hours(1)) =>
    digestPass({
      root,
      settings: { smtp: parseSmtpUrl(url), from: 'laurel@example.org', publicUrl: null },
      choose: (all) => all,
      now: () => now,
      onEvent: (event) => events.push(event),
    });
  return { root, messages, pass, events };
}

describe('a pass', () => {
  it('tells each subscriber on its own', async () => {
    const { root, messages, pass } = await desk(['ada@example.org', 'bob@example.org']);
    await pass();
    expect(messages.map(({ to }) => to)).toEqual([['ada@example.org'], ['bob@example.org']]);
    endedRun(root, 'later');
    withDigestStore(root, ({ subscribers }) => {
      subscribers.unsubscribe(subscribers.find('bob@example.org')!.id, hours(1));
    });
    await pass(hours(2));
    expect(messages.slice(2).map(({ to }) => to)).toEqual([['ada@example.org']]);
  });

  it('beside another one sends nothing twice', async () => {
    const { messages, pass } = await desk();
    await Promise.all([pass(), pass(), pass()]);
    expect(messages).toHaveLength(1);
  });

  it('writes no second digest before the first has left', async () => {
    let isDown = true;
    const { root, messages, pass } = await desk(['ada@example.org'], {
      onMessage: () => (isDown ? { code: 451, text: 'later' } : undefined),
    });
    await pass(hours(1));
    endedRun(root, 'later');
    isDown = false;
    await pass(hours(2));
    await pass(hours(3));
    expect(messages.map(({ mail }) => /sums|later/.exec(mail.text ?? '')?.[0])).toEqual([
      'sums',
      'later',
    ]);
  });
});

test('tries are 30 s, 60 s … apart, an hour at most, and end after five days', async () => {
  const { messages, pass, events } = await desk(['ada@example.org'], {
    onMessage: () => ({ code: 451, text: 'later' }),
  });
  const tryAt = async (now: Date) => {
    await pass(now);
    const { until, outcome } = events.at(-1)!;
    return { until: until!, outcome };
  };
  const waits: number[] = [];
  let now = hours(1);
  for (let tries = 0; tries < 9; tries++) {
    const { until } = await tryAt(now);
    waits.push((until.getTime() - now.getTime()) / 1000);
    now = until;
  }
  expect(waits).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
  // The message is of hour 1, and five days are 120 hours.
  expect((await tryAt(hours(1 + 119.9))).outcome).toBe('postponed');
  expect((await tryAt(hours(1 + 121))).outcome).toBe('refused');
  expect(messages).toEqual([]);
}, 60_000);

test('a run that ends again is told of again, and one from before the subscription never', async () => {
  const { root, messages, pass } = await desk();
  endedRun(root, 'stopped', { outcome: 'interrupted' });
  await pass();
  const store = RunStore.open(root);
  const run = store.get('stopped');
  store.close();
  const { folder, ending } = { folder: 'stopped', ending: `interrupted ${run.endedAt}` };
  withDigestStore(root, ({ outbox, subscribers }) => {
    const { id } = subscribers.find('ada@example.org')!;
    expect(outbox.hasTold(id, { folder, ending })).toBe(true);
    expect(outbox.hasTold(id, { folder, ending: `finished ${run.endedAt}` })).toBe(false);
    subscribers.add('late@example.org', { since: hours(1).toISOString(), now: hours(1) });
  });
  await pass(hours(2));
  expect(messages).toHaveLength(1);
});

test('best values are those of single steps, however many there are, and lower is better for a loss', () => {
  const root = newRoot();
  // 2,000 steps: reward 0.5 but for one spike, loss 1 but for one dip; means of neighbours would hide both.
  const lines = Array.from({ length: 2000 }, (_, at) => ({
    reward: at === 1233 ? 0.875 : 0.5,
    loss: at === 76 ? 0.125 : 1,
  }));
  endedRun(root, 'spiky', { lines });
  const store = RunStore.open(root);
  const content = gatherContent(store, store.runs(), { root, since: '', now: hours(0) });
  store.close();
  const [run] = content.runs;
  expect(run?.figures).toMatchObject([
    { key: 'reward', first: 0.5, last: 0.5, best: 0.875, bestStep: 1234 },
    { key: 'loss', first: 1, last: 1, best: 0.125, bestStep: 77 },
  ]);
  expect(run?.curve?.points.length).toBeLessThanOrEqual(300);
  // A line a second: 2,000 of them are 1,999 s apart, and the first came some time after the start.
  expect(run?.trainingSeconds).toBeGreaterThanOrEqual(1999);
});

test('a database of a later version, or a damaged one, is refused with what to do, and left as it is', () => {
  const root = newRoot();
  withDigestStore(root, () => {});
  const file = join(root, '.digest/digest.db');
  const database = new Database(file, { busyTimeoutMs: 0 });
  database.exec('PRAGMA user_version = 99');
  database.close();
  expect(() => withDigestStore(root, () => {})).toThrow(/digest\.db: is of a later Laurel .*99/);
  writeFileSync(file, 'no database '.repeat(100));
  expect(() => withDigestStore(root, () => {})).toThrow(/subscribers cannot be read: .*put a copy/);
  expect(readFileSync(file, 'utf8')).toContain('no database');
});
