import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DatasetCursor, lengthGroupedOrder } from './index.ts';

const options = { batchSize: 4, seed: 3 };
const ascending = (values: Iterable<number>) => [...values].sort((a, b) => a - b);

describe('an epoch grouped by length', () => {
  it('visits every row once and begins with a longest one', () => {
    const lengthsList = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 300 });
    const property = fc.property(lengthsList, fc.nat(9), (lengths, epoch) => {
      const order = lengthGroupedOrder(lengths, epoch, options);
      expect(ascending(order)).toEqual(lengths.map((_, row) => row));
      expect(lengths[order[0]!]).toBe(Math.max(...lengths));
    });
    fc.assert(property, { numRuns: 50, seed: 1 });
  });

  it('is another each epoch, and the same for the same epoch', () => {
    const lengths = Array.from({ length: 64 }, (_, row) => 1 + (row % 7));
    const [first, again, second] = [0, 0, 1].map((epoch) =>
      lengthGroupedOrder(lengths, epoch, options),
    );
    expect(again).toEqual(first);
    expect(second).not.toEqual(first);
  });

  it('sorts runs of a quarter of the rows, or of 50 batches', () => {
    const descents = (count: number) => {
      const lengths = Array.from({ length: count }, (_, row) => (row * 7919) % 10_007);
      const sorted = lengthGroupedOrder(lengths, 0, options);
      // Rises mark the beginnings of runs; the longest row's swap makes one more at each of its two places.
      const rises = [...sorted.keys()].filter(
        (i) => i > 0 && lengths[sorted[i]!]! > lengths[sorted[i - 1]!]!,
      );
      return rises.filter((i) => i > 1);
    };
    // 64 / (4 · 4) = 4 batches of 4 rows; 4,000 / 16 = 250 batches, of which 50 · 4 = 200 rows are taken.
    expect(descents(64).every((i) => i % 16 <= 1)).toBe(true);
    expect(descents(64).filter((i) => i % 16 === 0)).toEqual([16, 32, 48]);
    expect(descents(4000).every((i) => i % 200 <= 1)).toBe(true);
  });

  it('halves the padding, or more', () => {
    const lengths = Array.from({ length: 1000 }, (_, row) => 20 + ((row * 7919) % 200));
    const padded = (order: Iterable<number>) => {
      const rows = [...order].map((row) => lengths[row]!);
      let places = 0;
      for (let i = 0; i < rows.length; i += 4)
        places += rows.slice(i, i + 4).length * Math.max(...rows.slice(i, i + 4));
      return 1 - rows.reduce((sum, length) => sum + length, 0) / places;
    };
    const [plain, grouped] = [lengths.keys(), lengthGroupedOrder(lengths, 0, options)].map(padded);
    expect(grouped!).toBeLessThan(plain! / 2);
  });
});

it('a cursor follows an order of its own, and resumes within it', () => {
  const order = (epoch: number) => Uint32Array.of(epoch, 4, 3, 2, 1);
  const cursor = new DatasetCursor(5, { order });
  expect(cursor.take(3)).toEqual([0, 4, 3]);
  const resumed = new DatasetCursor(5, { order, state: cursor.state() });
  expect(resumed.take(4)).toEqual([2, 1, 1, 4]);
});
