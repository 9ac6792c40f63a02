import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, DataError } from '../errors.ts';
import {
  DatasetCursor,
  datasetFromRows,
  purposeSeed,
  randomIntegers,
  shuffledOrder,
  splitmix64,
  trainTestSplit,
} from './index.ts';

const golden = JSON.parse(
  readFileSync(new URL('../../test/golden/data/golden.json', import.meta.url), 'utf8'),
);
const ascending = (values: Iterable<number>) => [...values].sort((a, b) => a - b);
const upTo = (length: number) => Array.from({ length }, (_, index) => index);

describe('splitmix64', () => {
  it('gives the outputs of the published generator, at any place of the stream', () => {
    for (const [seed, outputs] of Object.entries<string[]>(golden.splitmix64)) {
      const found = outputs.map((_, index) => splitmix64(BigInt(seed), BigInt(index)).toString());
      expect(found).toEqual(outputs);
    }
    // The vector most implementations carry: seed 1234567.
    expect(splitmix64(1234567n, 0n)).toBe(6457827717110365317n);
  });
});

describe('randomIntegers', () => {
  it('draws every number below the bound about equally often', () => {
    const draw = randomIntegers(7n);
    const counts = [0, 0, 0, 0, 0];
    for (let i = 0; i < 10_000; i++) counts[draw(5)]! += 1;
    // Each is binomial with mean 2000 and deviation √(10000 · ⅕ · ⅘) = 40; five deviations are allowed.
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(200);
  });

  it('refuses a bound that is no positive whole number', () => {
    expect(() => randomIntegers(1n)(0)).toThrow(RangeError);
    expect(() => randomIntegers(1n)(2.5)).toThrow(RangeError);
  });
});

describe('purposeSeed', () => {
  it('is the first 52 bits of SHA-256 of purpose and seed', () => {
    // Python: int.from_bytes(hashlib.sha256(b'evaluation 42').digest()[:8], 'big') >> 12
    expect(purposeSeed(42, 'evaluation')).toBe(2911978567897566);
    expect(purposeSeed(0, 'hold-out')).toBe(2080961868957245);
  });

  it('differs between purposes and between the seeds of runs', () => {
    const purposes = ['evaluation', 'hold-out', 'micro-batches'];
    const seeds = purposes.flatMap((purpose) =>
      Array.from({ length: 1000 }, (_, seed) => purposeSeed(seed, purpose)),
    );
    expect(new Set([...seeds, ...Array.from({ length: 1001 }).keys()]).size).toBe(4001);
  });
});

describe('shuffledOrder', () => {
  it('visits every row once', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.integer(), fc.nat(50), (length, seed, epoch) => {
        expect(ascending(shuffledOrder(length, seed, epoch))).toEqual(upTo(length));
      }),
    );
  });

  it('depends on seed and epoch and on nothing else', () => {
    const order = shuffledOrder(100, 3, 1);
    expect(shuffledOrder(100, 3, 1)).toEqual(order);
    expect(shuffledOrder(100, 4, 1)).not.toEqual(order);
    expect(shuffledOrder(100, 3, 2)).not.toEqual(order);
  });

  it('makes each of the six orders of three rows about equally often', () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 6000; seed++) {
      const order = shuffledOrder(3, seed).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // Mean 1000, deviation √(6000 · ⅙ · ⅚) ≈ 29; five deviations are allowed.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(145);
  });
});

describe('DatasetCursor', () => {
  it('covers each epoch before the next, and fills a step up from it', () => {
    const cursor = new DatasetCursor(5, { seed: 1 });
    const rows = [...cursor.take(3), ...cursor.take(3), ...cursor.take(4)];
    expect(ascending(rows.slice(0, 5))).toEqual(upTo(5));
    expect(ascending(rows.slice(5))).toEqual(upTo(5));
    expect(cursor.state()).toEqual({ epoch: 1, position: 5 });
    expect(cursor.epochs).toBe(2);
  });

  it('can take more than an epoch at once', () => {
    expect(
      ascending(new DatasetCursor(3).take(7)).filter((row) => row === 0).length,
    ).toBeGreaterThan(1);
  });

  it('drops the rows that are too few for a step, or returns them alone', () => {
    const dropping = new DatasetCursor(5, { order: 'sequential', atEpochEnd: 'drop' });
    expect([dropping.take(3), dropping.take(3)]).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ]);
    expect(dropping.state()).toEqual({ epoch: 1, position: 3 });
    const short = new DatasetCursor(5, { order: 'sequential', atEpochEnd: 'short' });
    expect([short.take(3), short.take(3), short.take(3)]).toEqual([
      [0, 1, 2],
      [3, 4],
      [0, 1, 2],
    ]);
  });

  it('continues from its saved state with the rows it would have given', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 10 }),
        fc.nat(10),
        fc.constantFrom('wrap', 'short'),
        (length, takes, pause, atEpochEnd) => {
          const options = { seed: 5, atEpochEnd };
          const whole = new DatasetCursor(length, options);
          const expected = takes.map((count) => whole.take(count));
          let cursor = new DatasetCursor(length, options);
          const found = takes.map((count, index) => {
            if (index === pause) {
              const state = JSON.parse(JSON.stringify(cursor.state()));
              cursor = new DatasetCursor(length, { ...options, state });
            }
            return cursor.take(count);
          });
          expect(found).toEqual(expected);
        },
      ),
    );
  });

  it('refuses an empty dataset, a step larger than it, and the state of a longer one', () => {
    expect(() => new DatasetCursor(0)).toThrow(DataError);
    expect(() => new DatasetCursor(4, { atEpochEnd: 'drop' }).take(5)).toThrow(ConfigError);
    expect(() => new DatasetCursor(4, { state: { epoch: 0, position: 5 } })).toThrow(
      'another dataset',
    );
  });
});

describe('trainTestSplit', () => {
  const dataset = datasetFromRows(
    'numbers',
    upTo(20).map((n) => ({ n })),
  );

  it('parts the rows in two that share none and keep their numbers', () => {
    const { train, test } = trainTestSplit(dataset, { testSize: 0.25, seed: 9 });
    expect([train.rows.length, test.rows.length]).toEqual([15, 5]);
    const indices = [...train.rows, ...test.rows].map(({ index }) => index);
    expect(ascending(indices)).toEqual(upTo(20));
    for (const { index, columns } of train.rows) expect(columns).toEqual({ n: index });
    expect(train.fingerprint).not.toBe(test.fingerprint);
  });

  it('is the same for the same seed and another for another', () => {
    const held = (seed: number) => trainTestSplit(dataset, { testSize: 5, seed }).test.rows;
    expect(held(1)).toEqual(held(1));
    expect(held(1)).not.toEqual(held(2));
  });

  it('refuses to leave a part empty', () => {
    expect(() => trainTestSplit(dataset, { testSize: 20 })).toThrow(ConfigError);
    expect(() => trainTestSplit(dataset, { testSize: 0.01 })).toThrow('holds out 0 of 20 rows');
  });
});
