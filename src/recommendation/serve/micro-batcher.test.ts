import { setTimeout as later } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { MicroBatcher } from './micro-batcher.ts';

function recorded(batchSize: number, workMs = 5) {
  const batches: number[][] = [];
  const batcher = new MicroBatcher<number, number>(
    async (tasks) => {
      batches.push([...tasks]);
      await later(workMs);
      if (tasks.includes(13)) throw new Error('unlucky');
      return tasks.map((task) => task * 10);
    },
    { waitMs: 2, batchSize },
  );
  return { batches, batcher };
}

test('tasks that arrive together are done together, each with its own result', async () => {
  const { batches, batcher } = recorded(8);
  expect(await Promise.all([1, 2, 3].map((task) => batcher.submit(task)))).toEqual([10, 20, 30]);
  expect(batches).toEqual([[1, 2, 3]]);
});

test('no batch is larger than its limit, and order is kept', async () => {
  const { batches, batcher } = recorded(2);
  await Promise.all([1, 2, 3, 4, 5].map((task) => batcher.submit(task)));
  expect(batches).toEqual([[1, 2], [3, 4], [5]]);
});

test('what comes meanwhile goes on in the next batch', async () => {
  const { batches, batcher } = recorded(8, 30);
  const first = batcher.submit(1);
  await later(15);
  await Promise.all([first, batcher.submit(2), batcher.submit(3)]);
  expect(batches).toEqual([[1], [2, 3]]);
});

test('who asks again once answered joins those who wait, in one batch', async () => {
  const { batches, batcher } = recorded(8, 100);
  const asker = async (task: number, times: number) => {
    for (let t = 0; t < times; t++) await batcher.submit(task);
  };
  const early = asker(1, 4);
  await later(30);
  await Promise.all([early, asker(2, 3), asker(3, 3)]);
  expect(batches.map((batch) => batch.length)).toEqual([1, 3, 3, 3]);
});

test('who asks alone is answered without a wait for others', async () => {
  const WORK = 60;
  const { batcher } = recorded(8, WORK);
  const waits: number[] = [];
  for (let t = 0; t < 7; t++) {
    const start = performance.now();
    await batcher.submit(1);
    waits.push(performance.now() - start - WORK);
  }
  // Patience with others would be 15 ms; the least is the one that the machine disturbed least.
  expect(Math.min(...waits.slice(1))).toBeLessThan(10);
});

test('those who do not come back are not waited for long', async () => {
  const WORK = 400;
  const { batches, batcher } = recorded(8, WORK);
  await Promise.all([1, 2, 3].map((task) => batcher.submit(task)));
  const start = performance.now();
  await batcher.submit(4);
  // Its own time, and 20 ms where a quarter of the time before would be 100.
  expect(performance.now() - start).toBeLessThan(WORK + 90);
  expect(batches).toEqual([[1, 2, 3], [4]]);
});

test('a failed batch fails its own tasks only', async () => {
  const { batcher } = recorded(2);
  const all = await Promise.allSettled([12, 13, 14].map((task) => batcher.submit(task)));
  expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  expect(batcher.waiting).toBe(0);
});
