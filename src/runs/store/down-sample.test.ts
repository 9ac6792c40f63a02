import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { downSample, type Piece } from './down-sample.ts';

const point = (step: number, value: number): Piece => ({
  firstStep: step,
  lastStep: step,
  count: 1,
  lowest: value,
  highest: value,
  mean: value,
});

/** Series with gaps: steps that grow by 1 to 50. */
const series = fc
  .array(
    fc.tuple(fc.integer({ min: 1, max: 50 }), fc.double({ min: -1e6, max: 1e6, noNaN: true })),
    {
      minLength: 0,
      maxLength: 300,
    },
  )
  .map((pairs) => {
    let step = 0;
    return pairs.map(([gap, value]) => {
      step += gap;
      return point(step, value);
    });
  });
const most = fc.integer({ min: 3, max: 60 });

describe('downSample', () => {
  it('leaves a short series as it is', () => {
    const pieces = [point(1, 2), point(5, -1), point(6, 4)];
    expect(downSample(pieces, 3)).toEqual(pieces);
  });
  it('merges neighbours into buckets of equal width, the ends apart', () => {
    // Between the ends lie steps 1 to 8; two buckets of width 4: 1..4 and 5..8.
    const pieces = Array.from({ length: 10 }, (_, step) => point(step, step * step));
    expect(downSample(pieces, 4)).toEqual([
      point(0, 0),
      // (1 + 4 + 9 + 16) / 4 = 7.5 and (25 + 36 + 49 + 64) / 4 = 43.5
      { firstStep: 1, lastStep: 4, count: 4, lowest: 1, highest: 16, mean: 7.5 },
      { firstStep: 5, lastStep: 8, count: 4, lowest: 25, highest: 64, mean: 43.5 },
      point(9, 81),
    ]);
  });
  it('weighs a piece by its points', () => {
    const block = { firstStep: 1, lastStep: 3, count: 3, lowest: 0, highest: 2, mean: 1 };
    const pieces = [point(0, 0), block, point(4, 5), point(9, 9)];
    // (3 · 1 + 5) / 4 = 2
    expect(downSample(pieces, 3)[1]).toMatchObject({ count: 4, mean: 2, lowest: 0, highest: 5 });
  });
  it('never gives more points than asked for, and loses none', () => {
    fc.assert(
      fc.property(series, most, (pieces, maxPoints) => {
        const merged = downSample(pieces, maxPoints);
        expect(merged.length).toBeLessThanOrEqual(maxPoints);
        expect(merged.reduce((sum, { count }) => sum + count, 0)).toBe(pieces.length);
      }),
    );
  });
  it('keeps the ends and the extremes', () => {
    fc.assert(
      fc.property(series, most, (pieces, maxPoints) => {
        const merged = downSample(pieces, maxPoints);
        expect([merged[0], merged.at(-1)]).toEqual([pieces[0], pieces.at(-1)]);
        const values = pieces.map(({ mean }) => mean);
        expect(Math.min(...merged.map(({ lowest }) => lowest))).toBe(Math.min(...values));
        expect(Math.max(...merged.map(({ highest }) => highest))).toBe(Math.max(...values));
      }),
    );
  });
  it('keeps the order, and each mean between lowest and highest', () => {
    fc.assert(
      fc.property(series, most, (pieces, maxPoints) => {
        const merged = downSample(pieces, maxPoints);
        merged.slice(1).forEach(({ firstStep }, i) => {
          expect(firstStep).toBeGreaterThan(merged[i]!.lastStep);
        });
        for (const { lowest, highest, mean } of merged) {
          const slack = 1e-9 * (1 + Math.abs(lowest) + Math.abs(highest));
          expect(mean).toBeGreaterThanOrEqual(lowest - slack);
          expect(mean).toBeLessThanOrEqual(highest + slack);
        }
      }),
    );
  });
});
