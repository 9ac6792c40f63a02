import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AlarmName, alarmsOf } from './alarms.ts';
import type { Metrics } from './keys.ts';

/** One line a step, from step 1. */
const lines = (metrics: readonly Metrics[]) =>
  metrics.map((each, i) => ({ step: i + 1, metrics: each }));

/** The steps at which the values of one metric raise an alarm. */
const stepsOf = (metrics: readonly Metrics[], name: AlarmName): number[] =>
  alarmsOf(lines(metrics)).flatMap((alarm) => (alarm.name === name ? [alarm.step] : []));

const repeat = (count: number, metrics: Metrics): Metrics[] => Array(count).fill(metrics);

describe('entropy collapse', () => {
  const at = (entropy: number): Metrics => ({ entropy, reward: 0 });
  it('is told at the third line below a tenth of the start, once until it is over', () => {
    const series = [
      ...repeat(5, at(2)), // steps 1 to 5: starts from 2
      ...repeat(4, at(0.19)), // 6 to 9: below 0.2; told at 8
      ...repeat(2, at(0.3)), // 10, 11: above 0.2, not above 0.4: not over
      ...repeat(3, at(0.1)), // 12 to 14: still the same
      at(0.5), // 15: over
      ...repeat(3, at(0.1)), // 16 to 18: told at 18
    ];
    expect(stepsOf(series, 'entropy collapse')).toEqual([8, 18]);
  });
  it('is not told of one or two lines, nor of supervised training', () => {
    const dips = [...repeat(5, at(2)), at(0.1), at(0.1), at(1), at(0.1), at(0.1)];
    expect(alarmsOf(lines(dips))).toEqual([]);
    const supervised = [...repeat(5, { entropy: 2 }), ...repeat(9, { entropy: 0.01 })];
    expect(alarmsOf(lines(supervised))).toEqual([]);
  });
  it('says what was seen, and what helps', () => {
    const [alarm] = alarmsOf(lines([...repeat(5, at(2)), ...repeat(3, at(0.1))]));
    expect(alarm!.message).toMatch(/^entropy is 0\.10 nats, below 10% of the 2\.0 .*entropy_coef/);
  });
});

describe('an alarm with a threshold', () => {
  it.each([
    ['zero-variance groups', 'frac_reward_zero_std', 0.9, 0.8, 0.69],
    ['truncation', 'completions/clipped_ratio', 0.5, 0.4, 0.29],
    ['divergence from the reference', 'kl', 1, 0.7, 0.49],
  ] as const)(
    'of %s: %s at %d for three lines, told again only below',
    (name, key, high, between, low) => {
      const at = (value: number): Metrics => ({ [key]: value });
      expect(stepsOf(repeat(9, at(between)), name)).toEqual([]);
      expect(stepsOf([at(high), at(high), at(between), at(high), at(high)], name)).toEqual([]);
      expect(stepsOf(repeat(6, at(high)), name)).toEqual([3]);
      const pause = [...repeat(3, at(high)), at(between), ...repeat(3, at(high))];
      expect(stepsOf(pause, name)).toEqual([3]);
      const over = [...repeat(3, at(high)), at(low), ...repeat(3, at(high))];
      expect(stepsOf(over, name)).toEqual([3, 7]);
    },
  );
  it('does not count lines that lack the value, such as an evaluation’s', () => {
    const high: Metrics = { 'completions/clipped_ratio': 1 };
    const mixed = [high, { eval_reward: 1 }, high, { 'completions/clipped_ratio': null }, high];
    expect(stepsOf(mixed, 'truncation')).toEqual([5]);
  });
});

describe('skipped steps', () => {
  it('are told of at the first one, and again after five calm lines', () => {
    const counts = [0, 1, 2, 2, 2, 3, 3, 3, 3, 3, 3, 5];
    const series = counts.map((nonfinite_steps) => ({ nonfinite_steps }));
    expect(stepsOf(series, 'skipped steps')).toEqual([2, 12]);
    expect(alarmsOf(lines(series)).map(({ message }) => message.split(' because')[0])).toEqual([
      'a step was skipped',
      '2 steps were skipped',
    ]);
  });
});

describe('alarms', () => {
  const line = fc.record({
    entropy: fc.constantFrom(2, 0.3, 0.1),
    reward: fc.constant(0),
    kl: fc.constantFrom(2, 0.7, 0.1),
    frac_reward_zero_std: fc.constantFrom(1, 0.8, 0),
    nonfinite_steps: fc.nat(3),
  });
  it('are causal: what is told of the first lines does not depend on those that follow', () => {
    fc.assert(
      fc.property(fc.array(line), fc.nat(), (series, cut) => {
        const first = lines(series).slice(0, cut % (series.length + 1));
        const early = alarmsOf(lines(series)).filter(({ step }) => step <= first.length);
        expect(alarmsOf(first)).toEqual(early);
      }),
    );
  });
  it('are told once an episode: between two of a kind lies a line that is fine', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(2, 0.7, 0.1), { maxLength: 60 }), (values) => {
        const told = stepsOf(
          values.map((kl) => ({ kl })),
          'divergence from the reference',
        );
        told.slice(1).forEach((step, i) => {
          expect(values.slice(told[i], step - 1)).toContain(0.1);
        });
      }),
    );
  });
});
