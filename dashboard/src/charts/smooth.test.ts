import fc from 'fast-check';
import { expect, it } from 'vitest';
import { smooth } from './smooth.ts';

it('weighs earlier points less, corrected for the start', () => {
  // s1 = 0.5·2 = 1, ŝ1 = 1/0.5 = 2;  s2 = 0.5·1 + 0.5·4 = 2.5, ŝ2 = 2.5/0.75 = 10/3.
  const [first, second] = smooth([2, 4], 0.5);
  expect(first).toBeCloseTo(2, 12);
  expect(second).toBeCloseTo(10 / 3, 12);
});

it('leaves values as they are without a weight', () => {
  expect(smooth([1, null, 3], 0)).toEqual([1, null, 3]);
});

it('keeps gaps, which do not move the average', () => {
  const [, gap, after] = smooth([2, null, 4], 0.5);
  expect(gap).toBeNull();
  expect(after).toBeCloseTo(10 / 3, 12);
});

it('stays within what it averages, and a constant stays constant', () => {
  const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  const weight = fc.double({ min: 0.01, max: 0.999, noNaN: true });
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 50 }), weight, (values, beta) => {
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const slack = 1e-9 * Math.max(1, Math.abs(low), Math.abs(high));
      for (const each of smooth(values, beta)) {
        expect(each).toBeGreaterThanOrEqual(low - slack);
        expect(each).toBeLessThanOrEqual(high + slack);
      }
    }),
  );
  for (const each of smooth(Array(20).fill(7), 0.9)) expect(each).toBeCloseTo(7, 9);
});
