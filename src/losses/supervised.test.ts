import { expect, test } from 'vitest';
import {
  callTensor,
  Generator,
  type NestedNumbers,
  randint,
  randn,
  type Tensor,
  tensor,
} from '../tensor/index.ts';
import { sequenceMean } from './aggregate.ts';
import { finiteDifferences } from './finite-differences.ts';
import { readStatistics } from './statistics.ts';
import { supervisedLoss } from './supervised.ts';
import { tokenLogprobs } from './token-logprobs.ts';

const float64 = (values: NestedNumbers) => tensor(values, { dtype: 'float64' });
const [B, T, V] = [3, 4, 5];
const generator = new Generator(9);
const logits = randn([B * T, V], generator, { dtype: 'float64' });
const tokens = randint(V, [B * T], generator);
const completionMask = float64([
  [0, 1, 1, 1],
  [0, 0, 1, 0],
  [0, 0, 0, 0],
]);

test('by hand, with accuracy and entropy over trained tokens', () => {
  const { loss, statistics } = supervisedLoss({
    logprobs: float64([[-1, -2, -9]]),
    completionMask: float64([[1, 1, 0]]),
    isArgmax: tensor([[true, false, true]]),
    entropy: float64([[1, 2, 9]]),
  });
  expect(loss.item()).toBeCloseTo(1.5, 12);
  expect(readStatistics([statistics])).toEqual({
    num_tokens: 2,
    mean_token_accuracy: 0.5,
    entropy: 1.5,
  });
});

test('is PyTorch’s cross-entropy that ignores what is not trained', () => {
  const { logprobs } = tokenLogprobs(logits, tokens);
  const labels = tokens.maskedFill(completionMask.reshape([B * T]).eq(0), -100);
  const expected = callTensor('aten::cross_entropy_loss', logits, labels, null, 1, -100, 0);
  const { loss } = supervisedLoss({ logprobs: logprobs.reshape([B, T]), completionMask });
  expect(loss.item()).toBeCloseTo(expected.item(), 12);
});

test('has the gradient of finite differences and none where nothing is trained', () => {
  const logprobs = float64([[-1, -2, Number.NaN]]).requireGrad();
  const mask = float64([[1, 1, 0]]);
  supervisedLoss({ logprobs, completionMask: mask }).loss.backward();
  expect(logprobs.grad ?? []).toBeAllClose([[-0.5, -0.5, 0]]);
  const through = (x: Tensor) =>
    supervisedLoss({ logprobs: tokenLogprobs(x, tokens).logprobs.reshape([B, T]), completionMask })
      .loss;
  const leaf = logits.detach().clone().requireGrad();
  through(leaf).backward();
  expect(leaf.grad ?? []).toBeAllClose(finiteDifferences(through, leaf), { atol: 1e-9 });
});

test('micro-batches add up, and sequences can weigh the same', () => {
  const logprobs = tokenLogprobs(logits, tokens).logprobs.reshape([B, T]);
  const totals = { sequences: B, tokens: 4 };
  for (const options of [{}, { aggregate: sequenceMean }]) {
    const whole = supervisedLoss({ logprobs, completionMask }, totals, options).loss.item();
    const parts = [0, 1, 2].map((row) => {
      const one = {
        logprobs: logprobs.narrow(0, row, 1),
        completionMask: completionMask.narrow(0, row, 1),
      };
      return supervisedLoss(one, totals, options).loss.item();
    });
    expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(whole, 12);
  }
});

test('a shape mismatch names every tensor', () => {
  expect(() =>
    supervisedLoss({ logprobs: float64([[0, 0]]), completionMask: float64([[1]]) }),
  ).toThrow('supervisedLoss: shapes differ: logprobs [1, 2], completionMask [1, 1]');
});
