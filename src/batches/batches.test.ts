import { expect, test } from 'vitest';
import { ShapeError } from '../errors.ts';
import {
  countTotals,
  keptLength,
  keptSet,
  keptTokensOf,
  keptViewsOf,
  microBatches,
  packBatch,
  type TrainSequence,
  wholeTexts,
} from './index.ts';

const padTokenId = 99;

/** Two prompt tokens and three of completion, the middle one an observation. */
const long: TrainSequence = {
  tokens: [1, 2, 3, 4, 5],
  promptLength: 2,
  completionMask: [1, 0, 1],
  oldLogprobs: [-0.25, Number.NaN, -0.5],
  advantages: [2, 2, 2],
};
/** Three prompt tokens and one of completion. */
const short: TrainSequence = {
  tokens: [6, 7, 8, 9],
  promptLength: 3,
  completionMask: [1],
  oldLogprobs: [-0.75],
  advantages: [-1],
};

test('each trained token is predicted by the position before it', () => {
  const { tokens, predictors, targets } = packBatch([long, short], { padTokenId });
  // Rows are 5 tokens wide. The long row trains tokens 2 and 4, read after positions 1 and 3;
  // the short one trains token 3, read after position 2 of row 1: 5 + 2 = 7.
  expect(predictors.toArray()).toEqual([1, 3, 7]);
  expect(targets.toArray()).toEqual([3, 5, 9]);
  const flat = tokens.toArray();
  expect(predictors.toArray().map((position) => flat[position + 1])).toEqual(targets.toArray());
});

test('rows of unequal length are padded on the right', () => {
  const { tokens, completionMask, slots } = packBatch([long, short], { padTokenId });
  expect(tokens.dtype).toBe('int64');
  expect(tokens.shape).toEqual([2, 5]);
  expect(tokens.toArray()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, padTokenId]);
  expect(completionMask.shape).toEqual([2, 3]);
  expect(completionMask.toArray()).toEqual([1, 0, 1, 1, 0, 0]);
  // In the completion region, 3 wide: places 0 and 2 of row 0, place 0 of row 1.
  expect(slots.toArray()).toEqual([0, 2, 3]);
});

test('per-token columns stand where their token does, and 0 where nothing is trained', () => {
  const { oldLogprobs, advantages, referenceLogprobs } = packBatch([long, short], { padTokenId });
  expect(oldLogprobs?.toArray()).toEqual([-0.25, 0, -0.5, -0.75, 0, 0]);
  expect(advantages?.toArray()).toEqual([2, 0, 2, -1, 0, 0]);
  expect(referenceLogprobs).toBeUndefined();
});

test('columns have the dtype asked for', () => {
  const { advantages, completionMask } = packBatch([long], { padTokenId, dtype: 'float64' });
  expect([advantages?.dtype, completionMask.dtype]).toEqual(['float64', 'float64']);
});

test('a column that one sequence lacks is absent', () => {
  const { advantages: _, ...without } = short;
  expect(packBatch([long, without], { padTokenId }).advantages).toBeUndefined();
});

test('kept tokens are those of trained tokens, padded with −1', () => {
  const kept = (sequence: TrainSequence, keptTokens: number[][]) => ({
    ...sequence,
    keptTokens: keptTokensOf(keptTokens),
  });
  const rows = [kept(long, [[3, 1], [4], [5, 6, 7]]), kept(short, [[9]])];
  const { keptTokens } = packBatch(rows, { padTokenId });
  expect(keptTokens?.shape).toEqual([3, 3]);
  expect(keptTokens?.toArray()).toEqual([3, 1, -1, 5, 6, 7, 9, -1, -1]);
});

test('kept tokens for some sequences only are refused', () => {
  const rows = [{ ...long, keptTokens: keptTokensOf([[3], [4], [5]]) }, short];
  expect(() => packBatch(rows, { padTokenId })).toThrow(/1 of 2 sequences have keptTokens/);
});

test('kept sets are stored one after the other', () => {
  const kept = keptTokensOf([[3, 1], [], [5, 6, 7]]);
  expect(kept).toEqual({
    ids: Int32Array.of(3, 1, 5, 6, 7),
    starts: Int32Array.of(0, 2, 2),
    ends: Int32Array.of(2, 2, 5),
  });
  expect([0, 1, 2].map((t) => [...keptSet(kept, t)])).toEqual([[3, 1], [], [5, 6, 7]]);
});

test('kept sets that are parts of one array share it, others are copied', () => {
  const all = Int32Array.from({ length: 100 }, (_, i) => i);
  // A part of a part, one of nothing, and one twice.
  const sets = [
    all.subarray(90).subarray(2, 5),
    all.subarray(7, 7),
    all.subarray(0, 2),
    all.subarray(0, 2),
  ];
  const shared = keptViewsOf(sets);
  expect(shared.ids.buffer).toBe(all.buffer);
  const apart = keptViewsOf([...sets, Int32Array.of(4)]);
  expect(apart.ids).toHaveLength(8);
  for (const [kept, expected] of [
    [shared, sets],
    [apart, [...sets, [4]]],
  ] as const)
    expect(expected.map((_, t) => [...keptSet(kept, t)])).toEqual(expected.map((set) => [...set]));
  expect(keptLength(keptViewsOf([]))).toBe(0);
});

test('the text before each trained token is its own sequence', () => {
  const { text, starts, ends } = wholeTexts([long, short]);
  expect(text.toArray()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  // Two tokens of the first are trained, after places 1 and 3, and one of the second, whose first place is 5.
  expect(starts.toArray()).toEqual([0, 0, 5]);
  expect(ends.toArray()).toEqual([1, 3, 7]);
});

/** A completion of some prompt, every token of it trained. */
const completing = (prompt: number[], completion: number[]): TrainSequence => ({
  tokens: [...prompt, ...completion],
  promptLength: prompt.length,
  completionMask: completion.map(() => 1),
});

test('a shared prompt stands once, before all that continue it', () => {
  const sequences = [
    completing([1, 2, 3], [4, 5]),
    completing([6], [7, 8]),
    completing([1, 2, 3], [9]),
  ];
  const batch = packBatch(sequences, { padTokenId, prompts: 'shared' });
  // Prompt 1 2 3 with 4 5 and 9 takes 6 places, 6 7 8 behind it 3; two rows would take 12.
  expect(batch.tokens.shape).toEqual([1, 9]);
  expect(batch.tokens.toArray()).toEqual([1, 2, 3, 4, 5, 9, 6, 7, 8]);
  // Both completions are predicted by place 2 first.
  expect(batch.predictors.toArray()).toEqual([2, 3, 6, 7, 2]);
  expect(batch.targets.toArray()).toEqual([4, 5, 7, 8, 9]);
  const { starts, ends, prefixes, copies } = batch.segments!;
  expect(starts.toArray()).toEqual([0, 0, 0, 3, 3, 5, 6, 6, 6]);
  expect(ends.toArray()).toEqual([3, 3, 3, 5, 5, 6, 9, 9, 9]);
  const [none, own] = [
    [0, 0],
    [0, 3],
  ];
  expect(prefixes!.toArray()).toEqual([none, none, none, own, own, own, none, none, none].flat());
  // In rows of their own the texts are 5, 3 and 4 long; places past an end repeat the last token.
  expect(copies!.sources.toArray()).toEqual([0, 1, 2, 3, 4, 6, 7, 8, 8, 8, 0, 1, 2, 5, 5]);
  // The prompt's places, written by both of its texts, are those of the later one, which begins at 10.
  expect(copies!.places.toArray()).toEqual([10, 11, 12, 3, 4, 13, 5, 6, 7]);
});

test('prompts are shared by default where that leaves out a twentieth of the tokens', () => {
  const shares = (sequences: TrainSequence[]) =>
    packBatch(sequences, { padTokenId, prompts: 'cheapest' }).segments?.prefixes !== undefined;
  const filled = (length: number, token: number) => Array<number>(length).fill(token);
  // One prompt token of 2 · 10 is left out: exactly a twentieth; of 2 · 11 less.
  expect(shares([completing([1], filled(9, 2)), completing([1], filled(9, 3))])).toBe(true);
  expect(shares([completing([1], filled(10, 2)), completing([1], filled(10, 3))])).toBe(false);
  expect(shares([completing([1, 2], [3]), completing([2, 1], [3])])).toBe(false);
  // Prompts of one length that differ in one place only.
  const other = [...filled(20, 1)];
  other[7] = 2;
  expect(shares([completing(filled(20, 1), [3]), completing(other, [3])])).toBe(false);
});

test('a mask of zeros trains nothing and still packs', () => {
  const batch = packBatch([{ ...long, completionMask: [0, 0, 0] }], { padTokenId });
  expect(batch.targets.shape).toEqual([0]);
  expect(batch.predictors.size).toBe(0);
  expect(batch.completionMask.toArray()).toEqual([0, 0, 0]);
  expect(batch.keptTokens).toBeUndefined();
});

test.each(['completionMask', 'oldLogprobs', 'referenceLogprobs', 'advantages'] as const)(
  '%s of the wrong length is a shape error',
  (column) => {
    const pack = () => packBatch([{ ...long, [column]: [1, 1] }], { padTokenId });
    expect(pack).toThrow(ShapeError);
    expect(pack).toThrow(`${column} has 2 values for 3 completion tokens`);
  },
);

test('kept tokens of the wrong length are a shape error', () => {
  const pack = () => packBatch([{ ...long, keptTokens: keptTokensOf([[1]]) }], { padTokenId });
  expect(pack).toThrow(/keptTokens has 1 values for 3 completion tokens/);
});

test('an empty prompt is a shape error', () => {
  const pack = () =>
    packBatch([{ tokens: [1], promptLength: 0, completionMask: [1] }], { padTokenId });
  expect(pack).toThrow(/a prompt needs at least one token/);
});

test('totals count trained tokens and every sequence', () => {
  const empty = { ...short, completionMask: [0] };
  expect(countTotals([long, short, empty])).toEqual({ tokens: 3, sequences: 3 });
});

test('micro-batches keep the order and the last may be short', () => {
  expect(microBatches([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  expect(microBatches([], 2)).toEqual([]);
});
