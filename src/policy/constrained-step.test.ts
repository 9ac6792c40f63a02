import fc from 'fast-check';
import { expect, test } from 'vitest';
import { random } from '../../test/support/operator-checks.ts';
import { EngineError } from '../errors.ts';
import { callTensor, fromTypedArray, tidy } from '../tensor/index.ts';
import { setLogprobs, setLogprobsOf } from './constrained-step.ts';

const VOCABULARY = 53;

const row = fc.record({
  logits: fc.array(fc.float({ min: -30, max: 30, noNaN: true }), {
    minLength: VOCABULARY,
    maxLength: VOCABULARY,
  }),
  set: fc
    .uniqueArray(fc.nat(VOCABULARY - 1), { minLength: 1, maxLength: VOCABULARY })
    .map((ids) => Int32Array.from(ids).sort()),
});

const logSumExp = (values: readonly number[]): number => {
  const most = Math.max(...values);
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
};

test.each(['float32', 'float64'] as const)(
  '%s: each row’s set is scored against itself or against the vocabulary, whatever the other sets',
  (dtype) => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 6 }), (rows) =>
        tidy(() => {
          const flat = Float32Array.from(rows.flatMap(({ logits }) => logits));
          const logits = fromTypedArray(flat, [rows.length, VOCABULARY]).to({ dtype });
          const sets = rows.map(({ set }) => set);
          for (const distribution of ['full', 'constrained'] as const) {
            const { values, offsets } = setLogprobs(logits, sets, distribution);
            expect(values).toHaveLength(offsets.at(-1)!);
            for (const [r, { logits: own, set }] of rows.entries()) {
              const chosen = Array.from(set, (id) => own[id]!);
              const whole = logSumExp(distribution === 'full' ? own : chosen);
              const found = values.subarray(offsets[r], offsets[r + 1]);
              expect(found).toHaveLength(set.length);
              for (const [j, value] of chosen.entries())
                expect(found[j]).toBeCloseTo(value - whole, 4);
              if (set.length === 1 && distribution === 'constrained')
                expect(found[0]).toBeCloseTo(0, 12);
            }
          }
        }),
      ),
    );
  },
);

test('from states, sets are scored as from their logits, with the same bits in whatever company', () => {
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 6 }), (rows) =>
      tidy(() => {
        const [states, head] = [random([rows.length, 37]), random([VOCABULARY, 37])];
        const sets = rows.map(({ set }) => set);
        const { values, offsets } = setLogprobsOf(states, head, sets);
        const logits = states.matmul(head.transpose(0, 1));
        const expected = setLogprobs(logits, sets, 'constrained');
        expect(offsets).toEqual(expected.offsets);
        for (const [j, value] of expected.values.entries()) expect(values[j]).toBeCloseTo(value, 4);
        for (const [r, set] of sets.entries()) {
          const alone = setLogprobsOf(states.narrow(0, r, 1), head, [set]);
          expect(alone.values).toEqual(values.slice(offsets[r], offsets[r + 1]));
        }
      }),
    ),
  );
});

test('states and a head that do not fit the sets, or each other, are refused', () => {
  const of = (states: number[], head: number[], ids: number[], offsets: number[]) => () =>
    tidy(() =>
      callTensor(
        'laurel::set_logprobs_of',
        ...[random(states), random(head)],
        ...[ids, offsets].map((list) => fromTypedArray(Int32Array.from(list), [list.length])),
      ),
    );
  expect(of([2, 3], [4, 3], [1, 0, 3], [0, 1, 3])).not.toThrow();
  expect(of([2, 3], [4, 3], [4, 0, 3], [0, 1, 3])).toThrow(/token 4 is none of 4/);
  expect(of([2, 3], [4, 5], [1, 0, 3], [0, 1, 3])).toThrow(/states \[R, C\] and head \[V, C\]/);
  expect(of([3, 3], [4, 3], [1, 0, 3], [0, 1, 3])).toThrow(/offsets \[R \+ 1\]/);
});

test('the small terms of a large vocabulary count', () => {
  // e^0 + 2¹⁷ e^−18: a single running sum in float32 would lose each small term beside the large one.
  const size = 2 ** 17 + 1;
  const logits = new Float32Array(size).fill(-18);
  logits[0] = 0;
  tidy(() => {
    const row = fromTypedArray(logits, [1, size]);
    const { values } = setLogprobs(row, [Int32Array.of(0)], 'full');
    expect(values[0]).toBeCloseTo(-Math.log(1 + (size - 1) * Math.exp(-18)), 5);
  });
});

test('sets that do not fit the logits are refused before anything is read', () => {
  const of = (ids: number[], offsets: number[]) => () =>
    tidy(() =>
      callTensor(
        'laurel::set_logprobs',
        ...[fromTypedArray(new Float32Array(8), [2, 4])],
        ...[ids, offsets].map((list) => fromTypedArray(Int32Array.from(list), [list.length])),
        true,
      ),
    );
  expect(of([4], [0, 1, 1])).toThrow(/token 4 is none of 4/);
  expect(of([-1], [0, 1, 1])).toThrow(EngineError);
  expect(of([0, 1], [0, 1])).toThrow(/offsets \[R \+ 1\]/);
  expect(of([0, 1], [0, 2, 1])).toThrow(/fall/);
  expect(of([0, 1], [0, 1, 5])).toThrow(/for 2 ids/);
});
