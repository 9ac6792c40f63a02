import { describe, expect, test } from 'vitest';
import {
  Generator,
  liveTensors,
  ones,
  randint,
  randn,
  type Tensor,
  tensor,
  tidy,
  zeros,
} from '../tensor/index.ts';
import { type ChunkOptions, chunkedLogprobs } from './chunked-logprobs.ts';
import { withChunkedLogprobs } from './chunked-logprobs-backward.ts';
import { type TokenScores, tokenLogprobs } from './token-logprobs.ts';

const [N, C, V, K] = [23, 5, 13, 6];
const generator = new Generator(11);
const float64 = { dtype: 'float64' } as const;
const normal = (shape: number[]) => randn(shape, generator, float64);

const hiddenValues = normal([N, C]);
const headValues = normal([V, C]);
const tokens = randint(V, [N], generator);
const weights = normal([N]);

/** K distinct tokens per row, the row's own first, and in odd rows one place empty. */
const keptTokens = tensor(
  tokens.toArray().map((token, row) => {
    const kept = Array.from({ length: K }, (_, i) => (token + 2 * i) % V);
    return row % 2 === 0 ? kept : [...kept.slice(0, K - 1), -1];
  }),
  { dtype: 'int64' },
);

const objectives: Record<string, (scores: TokenScores) => Tensor> = {
  'log-probabilities alone': ({ logprobs }) => logprobs.exp().mul(weights).sum(),
  'entropy too': ({ logprobs, entropy }) =>
    logprobs
      .mul(weights)
      .sum()
      .add((entropy as Tensor).square().sum()),
  'entropy alone': ({ entropy }) => (entropy as Tensor).mul(weights).sum(),
  'products of tokens': ({ logprobs, entropy }) =>
    logprobs
      .sum()
      .square()
      .add(logprobs.sum().mul((entropy as Tensor).sum())),
};

const settings: Record<string, ChunkOptions> = {
  'all of the vocabulary': {},
  'a temperature': { temperature: 0.7 },
  'kept tokens': { keptTokens, temperature: 1.3 },
};

/** Gradients of the leaves behind hidden states and head, neither of which is a leaf when `derived`. */
function gradients(
  options: ChunkOptions,
  objective: (scores: TokenScores) => Tensor,
  { derived }: { derived: boolean },
) {
  const [hiddenLeaf, headLeaf] = [hiddenValues, headValues].map((values) =>
    values.detach().clone().requireGrad(),
  ) as [Tensor, Tensor];
  const hidden = hiddenLeaf.mul(1.5);
  const head = derived ? headLeaf.square() : headLeaf;
  const { loss } = withChunkedLogprobs(hidden, head, tokens, options, (scores) => ({
    loss: objective(scores),
  }));
  return { loss: loss.item(), hidden: hiddenLeaf.grad as Tensor, head: headLeaf.grad as Tensor };
}

describe.each(Object.entries(settings))('under %s', (_, setting) => {
  describe.each(Object.entries(objectives))('a loss of %s', (__, objective) => {
    test.each([
      [1, 1],
      [4, 4],
      [9, 2],
      [22, 22],
      [N, 3],
    ])('in chunks of %d by %d has the gradients of the whole', (chunkTokens, blockTokens) => {
      for (const derived of [false, true]) {
        const options = { ...setting, entropy: 'differentiable' } as const;
        const whole = gradients(options, objective, { derived });
        const sizes = { chunkTokens, blockTokens };
        const chunked = gradients({ ...options, ...sizes }, objective, { derived });
        expect(chunked.loss).toBeAllClose(whole.loss, { rtol: 1e-12 });
        expect(chunked.hidden).toBeAllClose(whole.hidden, { rtol: 0, atol: 1e-10 });
        expect(chunked.head).toBeAllClose(whole.head, { rtol: 0, atol: 1e-10 });
      }
    });
  });
});

test('the direct path is logits and their log-softmax, written out', () => {
  const found = gradients({}, ({ logprobs }) => logprobs.mul(weights).sum(), { derived: false });
  const [hidden, head] = [hiddenValues.mul(1.5), headValues].map((values) =>
    values.detach().clone().requireGrad(),
  ) as [Tensor, Tensor];
  const all = hidden.matmul(head.transpose(0, 1)).logSoftmax(-1);
  all.gather(1, tokens.unsqueeze(1)).squeeze(1).mul(weights).sum().backward();
  // The helper's hidden states are 1.5 times its leaf.
  expect(found.hidden).toBeAllClose((hidden.grad as Tensor).mul(1.5), { atol: 1e-12 });
  expect(found.head).toBeAllClose(head.grad as Tensor, { atol: 1e-12 });
});

test('gradients add to those already there', () => {
  const head = headValues.detach().clone().requireGrad();
  const hidden = hiddenValues.detach().clone().requireGrad();
  const loss = (scores: TokenScores) => ({ loss: scores.logprobs.sum() });
  withChunkedLogprobs(hidden, head, tokens, { chunkTokens: 5 }, loss);
  const [once, hiddenOnce] = [head.grad?.clone() as Tensor, hidden.grad?.clone() as Tensor];
  withChunkedLogprobs(hidden, head, tokens, { chunkTokens: 5 }, loss);
  expect(head.grad as Tensor).toBeAllClose(once.mul(2), { rtol: 1e-12 });
  expect(hidden.grad as Tensor).toBeAllClose(hiddenOnce.mul(2), { rtol: 1e-12 });
});

test('scores without gradient are those with, and comparisons with the most likely token too', () => {
  const options = { entropy: 'detached', compareArgmax: true, meanLogits: true } as const;
  const whole = tokenLogprobs(hiddenValues.matmul(headValues.transpose(0, 1)), tokens, options);
  const chunked = chunkedLogprobs(hiddenValues, headValues, tokens, {
    ...options,
    chunkTokens: 7,
    blockTokens: 3,
  });
  for (const key of ['logprobs', 'entropy', 'isArgmax', 'meanLogits'] as const) {
    expect(chunked[key] as Tensor).toBeAllClose(whole[key] as Tensor, { rtol: 1e-12 });
  }
  expect(chunked.logprobs.requiresGrad).toBe(false);
});

test('kept tokens renormalise: probabilities over them sum to one, and others get none', () => {
  const logits = tensor([[1, 2, 3, 4]], { dtype: 'float64' });
  const kept = tensor([[3, 1, -1]], { dtype: 'int64' });
  const at = (token: number) =>
    tokenLogprobs(logits, tensor([token], { dtype: 'int64' }), {
      keptTokens: kept,
      entropy: 'detached',
    });
  // Logits 4 and 2: p = σ(2) and σ(−2).
  const p = 1 / (1 + Math.exp(-2));
  expect(at(3).logprobs.item()).toBeCloseTo(Math.log(p), 12);
  expect(at(1).logprobs.item()).toBeCloseTo(Math.log(1 - p), 12);
  expect(at(0).logprobs.item()).toBe(-Infinity);
  expect(at(3).entropy?.item()).toBeCloseTo(-p * Math.log(p) - (1 - p) * Math.log(1 - p), 12);
});

test('small gradients of many chunks add up to the head of bfloat16', () => {
  const count = 1024;
  const head = zeros([2, 1], { dtype: 'bfloat16' }).requireGrad();
  const hidden = ones([count, 1], { dtype: 'bfloat16' });
  const tokens = zeros([count], { dtype: 'int64' });
  withChunkedLogprobs(hidden, head, tokens, { chunkTokens: 1 }, ({ logprobs }) => ({
    loss: logprobs.mean().neg(),
  }));
  // Each token adds (p − 1, p) / 1024 = (−1, 1) / 2048, which 256 times itself would no longer change in bfloat16.
  expect((head.grad as Tensor).reshape([-1])).toBeAllClose([-0.5, 0.5], { rtol: 0, atol: 0 });
});

test('bfloat16 logits are scored in float32', () => {
  const logits = tensor([[1, 2]], { dtype: 'bfloat16' });
  const { logprobs } = tokenLogprobs(logits, tensor([1], { dtype: 'int64' }));
  expect(logprobs.dtype).toBe('float32');
  expect(logprobs.item()).toBeCloseTo(-Math.log1p(Math.exp(-1)), 6);
});

test('nothing is left behind but the gradients', () => {
  const head = headValues.detach().clone().requireGrad();
  const step = (chunkTokens: number, blockTokens?: number) =>
    tidy(() => {
      const hidden = hiddenValues.mul(2).requireGrad();
      const loss = (scores: TokenScores) => ({ loss: scores.logprobs.sum() });
      const sizes = { chunkTokens, ...(blockTokens && { blockTokens }) };
      withChunkedLogprobs(hidden, head, tokens, sizes, loss);
      head.grad = null;
      return null;
    });
  step(4);
  const before = liveTensors();
  step(4);
  step(N);
  step(4, 2);
  expect(liveTensors()).toBe(before);
});

test('shapes that do not fit are named', () => {
  expect(() => chunkedLogprobs(hiddenValues, headValues, tokens.narrow(0, 0, 3))).toThrow(
    'chunkedLogprobs: expected hidden [N, C], head [V, C], tokens [N]; found [23, 5], [13, 5], [3]',
  );
  expect(() => tokenLogprobs(hiddenValues, tokens.narrow(0, 0, 3))).toThrow(
    'tokenLogprobs: shapes differ: tokens [3], logits without V [23]',
  );
});
