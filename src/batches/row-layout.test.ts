import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ShapeError } from '../errors.ts';
import { bestFitDecreasing, packed, padded, paddingShare } from './index.ts';

const golden = JSON.parse(
  readFileSync(new URL('../../test/golden/batches/packing.json', import.meta.url), 'utf8'),
) as { lengths: number[]; maxLength: number; rows: { bfd: [number, number, number][][] } };

describe('best fit decreasing', () => {
  test('gives the rows of TRL 1.13 for the first thousand sequences, which it packs together', () => {
    const { lengths, maxLength, rows } = golden;
    const cut = lengths.slice(0, 1000).map((length) => Math.min(length, maxLength));
    const found = bestFitDecreasing(cut, maxLength);
    const theirs = rows.bfd.map((row) => row.map(([sequence]) => sequence));
    expect(found).toEqual(theirs.slice(0, found.length));
  });

  test('puts every item into one row, none of which overflows', () => {
    const lengthsList = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 80 });
    const property = fc.property(lengthsList, (lengths) => {
      const rows = bestFitDecreasing(lengths, 30);
      expect(rows.flat().sort((a, b) => a - b)).toEqual(lengths.map((_, item) => item));
      const sums = rows.map((row) => row.reduce((sum, item) => sum + lengths[item]!, 0));
      expect(sums.every((sum) => sum <= 30)).toBe(true);
      // Two rows that fit into one would have been one: at most one row is half empty.
      expect(sums.filter((sum) => sum <= 15).length).toBeLessThanOrEqual(1);
    });
    fc.assert(property, { numRuns: 100, seed: 1 });
  });

  test('refuses an item longer than a row', () => {
    expect(() => bestFitDecreasing([3, 9], 8)).toThrow(ShapeError);
    expect(() => bestFitDecreasing([3, 9], 8)).toThrow(/item 1 has length 9/);
  });
});

test('padded rows hold one sequence each', () => {
  expect(padded([5, 2, 3])).toEqual([[0], [1], [2]]);
});

test('packed rows are as long as leaves the least padding, or as long as is said', () => {
  expect(packed()([5, 2, 3])).toEqual([[0], [2, 1]]);
  // Rows of 8 and of 16 have no empty place: the shorter ones.
  expect(packed()([8, 4, 4])).toEqual([[0], [1, 2]]);
  // Three rows of 8 take 24 places for 18 tokens, two of 10 take 20, two of 11 take 22.
  expect(packed()([8, 5, 3, 2])).toEqual([
    [0, 3],
    [1, 2],
  ]);
  expect(packed(10)([5, 2, 3])).toEqual([[0, 2, 1]]);
  expect(packed(4)([5, 2, 3])).toEqual([[0], [2, 1]]);
});

test('the share of padding is that of empty places', () => {
  // Two rows of 5 hold 5 + 3; one of 4 is full: 2 of 14 places are empty.
  expect(paddingShare([[5, 3], [4]])).toBeCloseTo(2 / 14, 12);
  // Packed: 5 and 2 + 3 share two rows of 5.
  expect(paddingShare([[5, 2, 3]], packed())).toBe(0);
  expect(paddingShare([])).toBe(0);
});
