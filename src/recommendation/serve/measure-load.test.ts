import { setTimeout as later } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { measureLoad, percentile } from './measure-load.ts';

test('a percentile is the least value that covers the share', () => {
  // Of ten values half are covered by the fifth, 90% by the ninth, 99% only by the tenth.
  const sorted = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  expect([0.5, 0.9, 0.99].map((share) => percentile(sorted, share))).toEqual([5, 9, 10]);
  expect(percentile([], 0.5)).toBeNaN();
});

test('every request is sent once, some at a time, and failures are counted', async () => {
  const sent: number[] = [];
  let [underWay, most] = [0, 0];
  const report = await measureLoad(
    async (request) => {
      sent.push(request);
      most = Math.max(most, ++underWay);
      await later(2);
      underWay--;
      if (request % 5 === 0) throw new Error(`no ${request}`);
    },
    { requests: 20, concurrency: 4 },
  );
  expect(sent.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n));
  expect(most).toBe(4);
  expect(report).toMatchObject({ requests: 20, failures: 4, firstFailure: 'no 0' });
  expect(report.latencyMs.p50).toBeGreaterThanOrEqual(1);
});
