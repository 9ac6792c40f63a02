import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Advantages } from './advantages.ts';
import { groupRelativeAdvantages, normalizeThenSumAdvantages } from './group-relative.ts';
import { leaveOneOutAdvantages } from './leave-one-out.ts';
import { reinforceAdvantages } from './reinforce.ts';

interface Expected {
  advantages: number[][];
  zeroStdFraction: number;
}
type Case = Record<'group' | 'batch' | 'none' | 'rloo' | 'rlooNormalized', Expected> & {
  rewards: (number | null)[][];
};
type Objectives = Expected & { values: (number | null)[][][]; weights: number[] };
const goldenUrl = new URL('../../test/golden/rewards/advantages.json', import.meta.url);
const golden = JSON.parse(readFileSync(goldenUrl, 'utf8')) as {
  single: Case[];
  several: Objectives[];
};

function expectMatches(actual: Advantages, expected: Expected) {
  expect(actual.zeroStdFraction).toBeCloseTo(expected.zeroStdFraction, 12);
  const flat = expected.advantages.flat();
  actual.advantages.flat().forEach((value, i) => {
    expect(Math.abs(value - (flat[i] as number))).toBeLessThanOrEqual(1e-9);
  });
  expect(actual.advantages.map((group) => group.length)).toEqual(
    expected.advantages.map((group) => group.length),
  );
}

describe('against TRL 1.13', () => {
  test.each(golden.single.map((item, i) => [i, item] as const))('case %i agrees', (_, item) => {
    for (const scaling of ['group', 'batch', 'none'] as const) {
      expectMatches(groupRelativeAdvantages(item.rewards, { scaling }), item[scaling]);
    }
    expectMatches(leaveOneOutAdvantages(item.rewards), item.rloo);
    expectMatches(leaveOneOutAdvantages(item.rewards, { normalize: 'batch' }), item.rlooNormalized);
  });

  test.each(golden.several.map((item, i) => [i, item] as const))(
    'several rewards, case %i, agree when normalised before they are added',
    (_, { values, weights, ...expected }) => {
      expectMatches(normalizeThenSumAdvantages(values, { weights }), expected);
    },
  );
});

const reward = fc.double({ min: -10, max: 10, noNaN: true });
const groups = fc.array(fc.array(reward, { minLength: 2, maxLength: 8 }), {
  minLength: 1,
  maxLength: 5,
});
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe('for all rewards', () => {
  test('advantages relative to the group add up to nothing within each group', () => {
    fc.assert(
      fc.property(groups, fc.constantFrom('group', 'batch', 'none'), (rewards, scaling) => {
        for (const group of groupRelativeAdvantages(rewards, { scaling }).advantages) {
          expect(Math.abs(sum(group))).toBeLessThan(1e-9);
        }
        for (const group of leaveOneOutAdvantages(rewards).advantages) {
          expect(Math.abs(sum(group))).toBeLessThan(1e-9);
        }
      }),
    );
  });

  test('adding a constant to a group’s rewards changes no advantage', () => {
    fc.assert(
      fc.property(groups, fc.integer({ min: -8, max: 8 }), (rewards, shift) => {
        const shifted = rewards.map((group) => group.map((value) => value + shift));
        for (const estimate of [groupRelativeAdvantages, leaveOneOutAdvantages]) {
          const before = estimate(rewards).advantages.flat();
          const after = estimate(shifted).advantages.flat();
          // Rounding of r + c is magnified at most by 1 / epsilon.
          for (const [i, value] of before.entries()) expect(after[i]).toBeCloseTo(value, 8);
        }
      }),
    );
  });

  test('reordering the completions reorders the advantages', () => {
    fc.assert(
      fc.property(groups, (rewards) => {
        const reversed = rewards.map((group) => [...group].reverse());
        for (const estimate of [groupRelativeAdvantages, leaveOneOutAdvantages]) {
          const expected = estimate(rewards).advantages.map((group) => [...group].reverse());
          for (const [i, value] of estimate(reversed).advantages.flat().entries()) {
            expect(value).toBeCloseTo(expected.flat()[i] as number, 8);
          }
        }
      }),
    );
  });

  test('a missing reward leaves the others as if it had not been there', () => {
    fc.assert(
      fc.property(fc.array(reward, { minLength: 2, maxLength: 6 }), (group) => {
        for (const estimate of [groupRelativeAdvantages, leaveOneOutAdvantages]) {
          const [alone] = estimate([group]).advantages as [number[]];
          const { advantages, scoredMask, missingCount } = estimate([[null, ...group]]);
          expect(advantages).toEqual([[0, ...alone]]);
          expect(scoredMask).toEqual([[false, ...group.map(() => true)]]);
          expect(missingCount).toBe(1);
        }
      }),
    );
  });
});

describe('small cases', () => {
  test('two completions, one right: ±0.5 over the standard deviation √½', () => {
    const [[low, high]] = groupRelativeAdvantages([[0, 1]]).advantages as [[number, number]];
    expect(high).toBeCloseTo(0.5 / (Math.SQRT1_2 + 1e-4), 12);
    expect(low).toBe(-high);
  });

  test('a single completion has nothing to be compared with: advantage 0', () => {
    for (const estimate of [groupRelativeAdvantages, leaveOneOutAdvantages]) {
      expect(estimate([[3]]).advantages).toEqual([[0]]);
      expect(estimate([[3]]).zeroStdFraction).toBe(1);
    }
  });

  test('leave-one-out subtracts the mean of the others', () => {
    // 4 − (1 + 1)/2 = 3; 1 − (4 + 1)/2 = −1.5
    expect(leaveOneOutAdvantages([[4, 1, 1]]).advantages).toEqual([[3, -1.5, -1.5]]);
  });

  test('REINFORCE gives the reward, less the baseline asked for', () => {
    const rewards = [
      [1, null],
      [0, 2],
    ];
    expect(reinforceAdvantages(rewards).advantages).toEqual([
      [1, 0],
      [0, 2],
    ]);
    expect(reinforceAdvantages(rewards, { baseline: 'batch' }).advantages).toEqual([
      [0, 0],
      [-1, 1],
    ]);
    expect(reinforceAdvantages(rewards, { baseline: 0.5 }).advantages).toEqual([
      [0.5, 0],
      [-0.5, 1.5],
    ]);
  });

  test('groups of different sizes count by completion', () => {
    expect(groupRelativeAdvantages([[1, 1, 1], [0]]).zeroStdFraction).toBe(1);
    expect(
      groupRelativeAdvantages([
        [1, 1, 1],
        [0, 1],
      ]).zeroStdFraction,
    ).toBeCloseTo(3 / 5);
  });

  test('no rewards at all give no advantages', () => {
    expect(groupRelativeAdvantages([])).toEqual({
      advantages: [],
      scoredMask: [],
      missingCount: 0,
      zeroStdFraction: 0,
    });
  });

  test('weights must be as many as rewards', () => {
    expect(() => normalizeThenSumAdvantages([[[1, 2]]], { weights: [1] })).toThrow(
      'expected 2 weights, one per reward, found 1',
    );
  });

  test('a reward that is not finite is refused by place', () => {
    expect(() => groupRelativeAdvantages([[0], [1, Number.NaN]])).toThrow(
      'groupRelativeAdvantages: rewards[1][1] is NaN',
    );
    expect(() => leaveOneOutAdvantages([[Infinity]])).toThrow('rewards[0][0] is Infinity');
  });
});
