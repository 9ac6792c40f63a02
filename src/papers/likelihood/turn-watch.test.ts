import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newWatch, type TurnOptions, type TurnWatch, watchTurn } from './index.ts';

const plain: TurnOptions = { smoothing: 1, hysteresis: 0.1, patience: 3, after: 'start' };

/** The watch after each value; evaluations are 10 steps apart. */
function follow(values: readonly (number | null)[], options: TurnOptions = plain): TurnWatch[] {
  const watches: TurnWatch[] = [];
  let watch = newWatch(options);
  for (const [i, value] of values.entries()) {
    watch = watchTurn(watch, { step: 10 * i, value }, options);
    watches.push(watch);
  }
  return watches;
}

const phases = (watches: readonly TurnWatch[]): string =>
  watches.map(({ phase }) => phase[0]).join('');

test('a turn is said after three evaluations below the peak, and lies where the series was last near it', () => {
  const watches = follow([1, 1.5, 2, 1.95, 1.8, 1.7, 1.6, 1.5]);
  expect(phases(watches)).toBe('wwwwwwtt');
  // 2 is the peak at step 20; 1.95 at step 30 is within 0.1 of it, and 1.8, 1.7, 1.6 are not.
  expect(watches[6]).toMatchObject({ turn: 30, fallen: 3 });
  expect(watches[7]).toMatchObject({ turn: 30, fallen: 4 });
});

test('a fall smaller than the hysteresis is noise, and a return to the peak begins the count anew', () => {
  expect(phases(follow([2, 1.91, 1.92, 1.93, 1.9, 1.95, 1.91]))).toBe('wwwwwww');
  const watches = follow([2, 1.5, 1.5, 2, 1.5, 1.5, 1.5]);
  expect(phases(watches)).toBe('wwwwwwt');
  expect(watches.at(-1)).toMatchObject({ turn: 30, fallen: 3 });
});

test('where a rise must come first, a fall from the start is no turn', () => {
  const options = { ...plain, after: 'rise' } as const;
  expect(phases(follow([2, 1.8, 1.6, 1.4, 1.2, 1], options))).toBe('wwwwww');
  expect(follow([2, 1.8, 1.6, 1.4, 1.2, 1], options).at(-1)).toMatchObject({
    phase: 'waiting',
    turn: null,
    fallen: 0,
  });
  const watches = follow([2, 1.8, 1.95, 1.6, 1.5, 1.4], options);
  expect(watches[2]).toMatchObject({ phase: 'watching', turn: 20 });
  expect(watches[5]).toMatchObject({ phase: 'turned', turn: 20 });
});

test('after a turn, as long a rise from the lowest value begins the watch anew', () => {
  const watches = follow([2, 1.5, 1.4, 1.3, 1, 1.2, 1.3, 1.4, 0.5, 0.4, 0.3]);
  expect(phases(watches)).toBe('wwwttttwwwt');
  expect(watches[7]).toMatchObject({ turn: 70, fallen: 0 });
  expect(watches[10]).toMatchObject({ turn: 70, fallen: 3 });
});

test('smoothing is exponential', () => {
  const watches = follow([1, 0, 0], { ...plain, smoothing: 0.25 });
  // 1; 0.75; 0.5625.
  expect(watches.map(({ smoothed }) => smoothed)).toEqual([1, 0.75, 0.5625]);
});

test('a missing value is passed over', () => {
  expect(follow([2, null, 1.5, Number.NaN, 1.4, 1.3]).at(-1)).toEqual({
    ...follow([2, 1.5, 1.4, 1.3]).at(-1)!,
    turn: 0,
  });
});

const values = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { maxLength: 40 });
const anyOptions: fc.Arbitrary<TurnOptions> = fc.record({
  smoothing: fc.double({ min: 0.05, max: 1, noNaN: true }),
  hysteresis: fc.double({ min: 0, max: 1, noNaN: true }),
  patience: fc.integer({ min: 1, max: 6 }),
  after: fc.constantFrom('rise', 'start'),
});

test('no look-ahead: what is said at an evaluation does not change when later ones are appended', () => {
  fc.assert(
    fc.property(values, values, anyOptions, (before, after, options) => {
      const whole = follow([...before, ...after], options);
      expect(whole.slice(0, before.length)).toEqual(follow(before, options));
    }),
  );
});

test('a watch kept as JSON goes on as if it had not been', () => {
  fc.assert(
    fc.property(values, values, anyOptions, (before, after, options) => {
      const kept = follow(before, options).at(-1) ?? newWatch(options);
      let watch = JSON.parse(JSON.stringify(kept)) as TurnWatch;
      for (const [i, value] of after.entries())
        watch = watchTurn(watch, { step: 10 * (before.length + i), value }, options);
      const whole = follow([...before, ...after], options).at(-1) ?? newWatch(options);
      expect(watch).toEqual(whole);
    }),
  );
});

test('a series that never falls never turns, and a turn is said no sooner than patience allows', () => {
  fc.assert(
    fc.property(values, anyOptions, (some, options) => {
      const rising = [...some].sort((left, right) => left - right);
      expect(phases(follow(rising, options))).not.toContain('t');
      for (const [i, { phase, turn, fallen }] of follow(some, options).entries()) {
        if (phase !== 'turned') continue;
        expect(fallen).toBeGreaterThanOrEqual(options.patience);
        expect(turn!).toBe(10 * (i - fallen));
      }
    }),
  );
});
