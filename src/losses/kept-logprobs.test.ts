import fc from 'fast-check';
import { expect, test } from 'vitest';
import { expectClose, expectSameFunction, random } from '../../test/support/operator-checks.ts';
import {
  callTensor,
  callTensors,
  cat,
  fromTypedArray,
  grad,
  liveTensors,
  type Tensor,
  tensorMemory,
  tidy,
} from '../tensor/index.ts';
import type { ChunkOptions } from './chunked-logprobs.ts';
import { chunkedLogprobs } from './chunked-logprobs.ts';
import { withChunkedLogprobs } from './chunked-logprobs-backward.ts';
import { needsKeptOnly } from './kept-logprobs.ts';
import { tokenLogprobs } from './token-logprobs.ts';

const [V, C] = [211, 19];

/** Rows by what they may take: many of one set, so that it is shared, and sets of their own, of one token too. */
const rowsOf = fc
  .record({
    common: fc.uniqueArray(fc.nat(V - 1), { minLength: 1, maxLength: 12 }),
    times: fc.integer({ min: 0, max: 20 }),
    own: fc.array(fc.uniqueArray(fc.nat(V - 1), { minLength: 1, maxLength: 12 }), {
      minLength: 1,
      maxLength: 6,
    }),
  })
  .map(({ common, times, own }) => [...Array<number[]>(times).fill(common), ...own]);

/** Sets padded with −1, and a token of each. */
function laidOut(sets: readonly (readonly number[])[]): { kept: Tensor; tokens: Tensor } {
  const width = 12;
  const kept = new Int32Array(sets.length * width).fill(-1);
  for (const [row, set] of sets.entries()) kept.set(set, row * width);
  const tokens = Int32Array.from(sets, (set, row) => set[row % set.length]!);
  return {
    kept: fromTypedArray(kept, [sets.length, width]).to({ dtype: 'int64' }),
    tokens: fromTypedArray(tokens, [sets.length]).to({ dtype: 'int64' }),
  };
}

test('is the log-softmax over the kept logits, with gradients and gradients of gradients', () => {
  fc.assert(
    fc.property(rowsOf, fc.constantFrom(0.5, 1, 1.7), (sets, temperature) =>
      tidy(() => {
        const { kept, tokens } = laidOut(sets);
        const options = { keptTokens: kept, temperature, entropy: 'differentiable' } as const;
        expectSameFunction(
          [random([sets.length, C]), random([V, C]).mul(0.3)],
          (hidden, head) => {
            const [logprobs, entropy] = callTensors(
              'laurel::kept_logprobs',
              ...[hidden!, head!, tokens, kept, temperature],
            ) as [Tensor, Tensor];
            return cat([logprobs, entropy]);
          },
          (hidden, head) => {
            const logits = hidden!.matmul(head!.transpose(0, 1));
            const { logprobs, entropy } = tokenLogprobs(logits, tokens, options);
            return cat([logprobs, entropy!]);
          },
        );
      }),
    ),
    { numRuns: 40 },
  );
});

test('other dtypes are composed', () => {
  const { kept, tokens } = laidOut([[3, 5], [7], [1, 2, 3]]);
  const [hidden, head] = [random([3, C], 'float64'), random([V, C], 'float64')];
  const [logprobs, entropy, likeliest] = callTensors(
    'laurel::kept_logprobs',
    ...[hidden, head, tokens, kept, 0.8],
  ) as [Tensor, Tensor, Tensor];
  const logits = hidden.matmul(head.transpose(0, 1));
  const options = { keptTokens: kept, temperature: 0.8, entropy: 'detached' } as const;
  const expected = tokenLogprobs(logits, tokens, { ...options, compareArgmax: true });
  expect(logprobs).toBeAllClose(expected.logprobs, { atol: 1e-12 });
  expect(entropy).toBeAllClose(expected.entropy!, { atol: 1e-12 });
  expect(likeliest.eq(tokens).toArray()).toEqual(expected.isArgmax!.toArray());
});

test('a token outside its set has probability 0 and sends no gradient; a row may have no set at all', () => {
  const kept = fromTypedArray(Int32Array.from([4, 9, -1, -1, 6, 8]), [3, 2]).to({ dtype: 'int64' });
  const tokens = fromTypedArray(Int32Array.from([5, 5, 8]), [3]).to({ dtype: 'int64' });
  const leaves = [random([3, C]).requireGrad(), random([V, C]).requireGrad()] as const;
  const [logprobs] = callTensors('laurel::kept_logprobs', ...leaves, tokens, kept, 1) as [Tensor];
  expect(logprobs.toArray().slice(0, 2)).toEqual([-Infinity, -Infinity]);
  const [ofHidden] = grad(logprobs.sum(), leaves) as Tensor[];
  expect(ofHidden!.narrow(0, 0, 2).abs().max().item()).toBe(0);
  expect(ofHidden!.select(0, 2).abs().max().item()).toBeGreaterThan(0);
});

test('inputs may lie anywhere in memory, and a gradient is found for those alone that need one', () => {
  const { kept, tokens } = laidOut([...Array<number[]>(9).fill([3, 5, 8]), [7], [1, 2, 3]]);
  const [hidden, head] = [random([C, 11]).transpose(0, 1), random([C, V]).transpose(0, 1)];
  const of = (one: Tensor, other: Tensor) =>
    callTensors('laurel::kept_logprobs', one, other, tokens, kept, 1) as [Tensor, Tensor];
  const logits = hidden.matmul(head.transpose(0, 1));
  expectClose(of(hidden, head)[0], tokenLogprobs(logits, tokens, { keptTokens: kept }).logprobs);
  const leaves = [hidden, head].map((values) => values.clone().requireGrad()) as [Tensor, Tensor];
  const both = grad(of(...leaves)[1].sum(), leaves) as Tensor[];
  for (const createGraph of [false, true]) {
    const alone = [
      grad(of(leaves[0], head)[1].sum(), [leaves[0]], { createGraph })[0],
      grad(of(hidden, leaves[1])[1].sum(), [leaves[1]], { createGraph })[0],
    ];
    for (const [i, found] of alone.entries()) expectClose(found!, both[i]!, 2e-5);
  }
});

test('a graph is freed with its outputs, whether or not it was gone through', () => {
  const { kept, tokens } = laidOut(Array<number[]>(512).fill([3, 5, 8]));
  const [hidden, head] = [random([512, 256]), random([V, 256]).requireGrad()];
  const pass = (isLearned: boolean) =>
    tidy(() => {
      // 512 KB of states that only the graph holds.
      const states = hidden.mul(2).requireGrad();
      const [logprobs] = callTensors('laurel::kept_logprobs', states, head, tokens, kept, 1) as [
        Tensor,
      ];
      if (isLearned) grad(logprobs.sum(), [head]);
    });
  const before = tensorMemory().live;
  for (const isLearned of [true, false]) for (let i = 0; i < 20; i++) pass(isLearned);
  expect(tensorMemory().live - before).toBeLessThan(2 ** 21);
});

test('what does not fit is refused', () => {
  const { kept, tokens } = laidOut([[V]]);
  const of = (...given: Tensor[]) => callTensor('laurel::kept_logprobs', ...given, 1);
  expect(() => of(random([1, C]), random([V, C]), tokens, kept)).toThrow(`none of ${V}`);
  expect(() => of(random([2, C]), random([V, C]), tokens, kept)).toThrow('expected states [N, C]');
});

test('the likeliest token is that of the set, whatever is likelier elsewhere', () => {
  const { kept, tokens } = laidOut([[3, 5], [7]]);
  const logits = random([2, V]).mul(0);
  logits.select(1, 9).fill_(5);
  logits.select(1, 3).fill_(1);
  const asked = { keptTokens: kept, compareArgmax: true };
  expect(tokenLogprobs(logits, tokens, asked).isArgmax!.toArray()).toEqual([1, 1]);
  expect(tokenLogprobs(logits, tokens, { compareArgmax: true }).isArgmax!.toArray()).toEqual([
    0, 0,
  ]);
});

const options = (kept: Tensor): ChunkOptions => ({ keptTokens: kept });

test('other logits are left out where that is most of them and nothing else asks for them', () => {
  const { kept, tokens } = laidOut([[3, 5], [7]]);
  const scored = { hidden: random([2, C]), head: random([V, C]), tokens };
  expect(needsKeptOnly(scored, options(kept))).toBe(true);
  expect(needsKeptOnly(scored, {})).toBe(false);
  expect(needsKeptOnly(scored, { ...options(kept), meanLogits: true })).toBe(false);
  expect(needsKeptOnly(scored, { ...options(kept), topTokens: 2 })).toBe(false);
  expect(needsKeptOnly({ ...scored, head: random([9, C]) }, options(kept))).toBe(false);
  const wide = { ...scored, head: random([V, C], 'float64'), hidden: random([2, C], 'float64') };
  expect(needsKeptOnly(wide, options(kept))).toBe(false);
});

test('chunked log-probabilities and their gradients are those of all logits', () => {
  const sets = [...Array<number[]>(30).fill([2, 3, 5, 7]), [11], [4, 6, 8], [1, 9]];
  const { kept, tokens } = laidOut(sets);
  const [hidden, head] = [random([sets.length, C]), random([V, C])];
  const asked = { keptTokens: kept, entropy: 'differentiable', compareArgmax: true } as const;
  const logits = hidden.matmul(head.transpose(0, 1));
  const expected = tokenLogprobs(logits, tokens, asked);
  const found = chunkedLogprobs(hidden, head, tokens, asked);
  expectClose(found.logprobs, expected.logprobs);
  expectClose(found.entropy!, expected.entropy!);
  expect(found.isArgmax!.toArray()).toEqual(expected.isArgmax!.toArray());

  const lossOf = ({ logprobs, entropy }: { logprobs: Tensor; entropy?: Tensor | undefined }) => ({
    loss: logprobs.square().sum().add(entropy!.sum()),
  });
  const leaves = () => [hidden, head].map((values) => values.clone().requireGrad());
  const [direct, chunked] = [leaves(), leaves()];
  const all = direct[0]!.matmul(direct[1]!.transpose(0, 1));
  lossOf(tokenLogprobs(all, tokens, asked)).loss.backward();
  const before = liveTensors();
  withChunkedLogprobs(chunked[0]!, chunked[1]!, tokens, asked, lossOf).loss.item();
  // The loss, and a gradient of each leaf.
  expect(liveTensors() - before).toBeLessThanOrEqual(3);
  expectClose(chunked[0]!.grad!, direct[0]!.grad!, 2e-5);
  expectClose(chunked[1]!.grad!, direct[1]!.grad!, 2e-5);
});
