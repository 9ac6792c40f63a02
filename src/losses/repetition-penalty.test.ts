import { expect, test } from 'vitest';
import { Generator, randn, tensor } from '../tensor/index.ts';
import { chunkedLogprobs, penalizeSeen, seenTokens, withChunkedLogprobs } from './index.ts';

const ids = (values: number[]) => tensor(values, { dtype: 'int64' });

test('the tokens before each trained token in its own sequence are seen', () => {
  // Two sequences of four tokens: 5 3 3 0 and 1 2 1 4. Trained: places 1 and 3 of the first, 2 of the second.
  const text = ids([5, 3, 3, 0, 1, 2, 1, 4]);
  const seen = seenTokens({ text, starts: ids([0, 0, 4]), ends: ids([0, 2, 5]) }, 6);
  expect(seen.shape).toEqual([3, 6]);
  expect(seen.toArray()).toEqual([
    ...[0, 0, 0, 0, 0, 1],
    ...[0, 0, 0, 1, 0, 1],
    ...[0, 1, 1, 0, 0, 0],
  ]);
});

test('positive logits of seen tokens are divided, negative ones multiplied, and gradients follow', () => {
  const logits = tensor([[2, 2, -1, -1]], { dtype: 'float64' }).requireGrad();
  const seen = tensor([[1, 0, 1, 0]]).ne(0);
  const penalized = penalizeSeen(logits, seen, 4);
  expect(penalized.toArray()).toEqual([0.5, 2, -4, -1]);
  penalized.sum().backward();
  expect(logits.grad!.toArray()).toEqual([0.25, 1, 4, 1]);
});

test('chunks replay the text before their own tokens', () => {
  const generator = new Generator(2);
  const text = ids([1, 4, 4, 2, 0, 3, 3, 1]);
  const tokens = ids([4, 2, 0, 3, 1]);
  const repetition = {
    penalty: 1.7,
    text,
    starts: ids([0, 0, 4, 4, 4]),
    ends: ids([1, 2, 4, 5, 6]),
  };
  const options = { dtype: 'float64' } as const;
  const hidden = randn([5, 3], generator, options);
  const head = randn([6, 3], generator, options);
  const gradient = (chunkTokens: number) => {
    const states = hidden.clone().requireGrad();
    withChunkedLogprobs(states, head, tokens, { repetition, chunkTokens }, ({ logprobs }) => ({
      loss: logprobs.square().sum(),
    }));
    return states.grad!.toArray();
  };
  const whole = chunkedLogprobs(hidden, head, tokens, { repetition, chunkTokens: 5 });
  for (const chunkTokens of [1, 2]) {
    const { logprobs } = chunkedLogprobs(hidden, head, tokens, { repetition, chunkTokens });
    expect(logprobs.toArray()).toBeAllClose(whole.logprobs.toArray(), { rtol: 0, atol: 1e-12 });
    expect(gradient(chunkTokens)).toBeAllClose(gradient(5), { rtol: 0, atol: 1e-12 });
  }
});
