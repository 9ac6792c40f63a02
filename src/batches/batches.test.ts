import { expect, test } from 'vitest';
import { ShapeError } from '../errors.ts';
import {
  countTotals,
  keptSet,
  keptTokensOf,
  microBatches,
  packBatch,
  type TrainSequence,
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
    offsets: Int32Array.of(0, 2, 2, 5),
  });
  expect([0, 1, 2].map((t) => [...keptSet(kept, t)])).toEqual([[3, 1], [], [5, 6, 7]]);
});

test('each trained token knows where its sequence begins', () => {
  const { sequenceStarts } = packBatch([long, short], { padTokenId });
  // Rows are 5 wide; two tokens of the first row are trained and one of the second.
  expect(sequenceStarts.toArray()).toEqual([0, 0, 5]);
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
