import { expect, test } from 'vitest';
import { letters, tinyPolicy } from '../../test/support/tiny-policy.ts';
import { hiddenStates, logits } from '../models/index.ts';
import { liveTensors, noGrad, tidy, tokenTensor } from '../tensor/index.ts';
import { averageTopK } from './index.ts';

const policy = tinyPolicy({}, { dtype: 'float64' });
const texts = [
  [letters.encode('abc'), letters.encode('defg')],
  [letters.encode('p'), letters.encode('a')],
  [letters.encode('hijk'), letters.encode('lm')],
] as const;
const sequences = texts.map(([prompt, completion]) => ({
  tokens: [...prompt, ...completion],
  promptLength: prompt.length,
  completionMask: completion.map(() => 1),
}));

/** The k largest probabilities that predict each completion token, one whole forward pass a text. */
const largestOf = (k: number): number[][] =>
  texts.flatMap(([prompt, completion]) =>
    noGrad(() =>
      tidy(() => {
        const tokens = [...prompt, ...completion];
        const hidden = hiddenStates(policy.model, {
          tokens: tokenTensor(tokens, [1, tokens.length]),
        });
        return completion.map((_, t) => {
          const place = hidden.select(1, prompt.length + t - 1);
          const probabilities = logits(policy.model, place).softmax(-1).toArray();
          return probabilities.sort((left, right) => right - left).slice(0, k);
        });
      }),
    ),
  );

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const entropy = (probabilities: readonly number[]) =>
  -probabilities.reduce((sum, p) => sum + p * Math.log2(p), 0);
const massOf = (probabilities: readonly number[]) => probabilities.reduce((sum, p) => sum + p, 0);

test.each([1, 2, 8])(
  'entropy and mass are those of whole distributions at the positions of completions, %d at a time',
  async (batchSize) => {
    const k = 4;
    const found = await averageTopK(policy, sequences, { k, batchSize });
    const largest = largestOf(k);
    expect(largest).toHaveLength(7);
    const renormalized = largest.map((some) => some.map((p) => p / massOf(some)));
    expect(found.entropy).toBeCloseTo(mean(largest.map(entropy)), 9);
    expect(found.renormalizedEntropy).toBeCloseTo(mean(renormalized.map(entropy)), 9);
    expect(found.mass).toBeCloseTo(mean(largest.map(massOf)), 9);
  },
);

test('without positions there is nothing to average, and nothing stays alive', async () => {
  const before = liveTensors();
  await averageTopK(policy, sequences, { k: 4, batchSize: 2 });
  const nothing = await averageTopK(policy, [], { k: 4, batchSize: 2 });
  expect(nothing).toEqual({ entropy: null, renormalizedEntropy: null, mass: null });
  expect(liveTensors()).toBe(before);
});
