import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Tensor, tensor, tokenTensor } from '../tensor/index.ts';
import {
  type PreferencePresetName,
  type PreferencePresetOptions,
  preferenceLoss,
  preferencePresets,
  readStatistics,
  tokenLogprobs,
} from './index.ts';

interface Golden {
  versions: { trl: string };
  batch: {
    tokens: number[][];
    completionMask: number[][];
    logits: number[][][];
    referenceLogits: number[][][];
  };
  cases: {
    name: string;
    loss: number;
    logitsGradient: number[][][];
    metrics: Record<string, number>;
  }[];
}

const file = new URL('../../test/golden/losses/preference.json', import.meta.url);
const { versions, batch, cases } = JSON.parse(readFileSync(file, 'utf8')) as Golden;

const compose = (
  parts: Partial<Record<PreferencePresetName, number>>,
  options: PreferencePresetOptions = {},
) =>
  preferenceLoss({
    losses: Object.entries(parts).map(([name, weight]) => ({
      pairLoss: preferencePresets[name as PreferencePresetName](options),
      weight,
    })),
    rewardScale: options.beta ?? 0.1,
  });

const compositions: Record<string, ReturnType<typeof compose>> = {
  sigmoid: compose({ sigmoid: 1 }),
  'sigmoid at beta 0.7': compose({ sigmoid: 1 }, { beta: 0.7 }),
  'sigmoid with smoothed labels': compose({ sigmoid: 1 }, { beta: 0.3, labelSmoothing: 0.1 }),
  robust: compose({ robust: 1 }, { beta: 0.3, labelSmoothing: 0.1 }),
  sigmoid_norm: compose({ sigmoid_norm: 1 }, { beta: 2 }),
  ipo: compose({ ipo: 1 }),
  'ipo at beta 0.7': compose({ ipo: 1 }, { beta: 0.7 }),
  hinge: compose({ hinge: 1 }),
  'hinge at beta 0.7': compose({ hinge: 1 }, { beta: 0.7 }),
  sft: compose({ sft: 1 }),
  'sigmoid and sft': compose({ sigmoid: 1, sft: 0.25 }),
  'three weighted': compose({ ipo: 0.5, hinge: 2, sft: 0.1 }, { beta: 0.4 }),
};

const [rows, width] = [batch.tokens.length, batch.tokens[0]!.length];
const targets = tokenTensor(
  batch.tokens.flatMap((row) => row.slice(1)),
  [rows * (width - 1)],
);
const completionMask = tensor(
  batch.completionMask.map((row) => row.slice(1)),
  { dtype: 'float64' },
);

/** Scores of every token but the first, which nothing predicts. */
function score(logits: Tensor) {
  const predicting = logits.narrow(1, 0, width - 1).reshape([-1, logits.shape[2]!]);
  const scores = tokenLogprobs(predicting, targets, {
    entropy: 'detached',
    compareArgmax: true,
    meanLogits: true,
  });
  const asRows = (flat: Tensor | undefined) => flat!.reshape([rows, width - 1]);
  const { logprobs, entropy, isArgmax, meanLogits } = scores;
  return {
    logprobs: asRows(logprobs),
    entropy: asRows(entropy),
    isArgmax: asRows(isArgmax),
    meanLogits: asRows(meanLogits),
  };
}

test('every case of TRL has its composition', () => {
  expect(versions.trl).toBe('1.13.0');
  expect(cases.map(({ name }) => name)).toEqual(Object.keys(compositions));
});

test.each(cases)('$name: loss, gradient and metrics are those of TRL 1.13', (expected) => {
  const logits = tensor(batch.logits, { dtype: 'float64', requiresGrad: true });
  const referenceLogits = tensor(batch.referenceLogits, { dtype: 'float64' });
  const { loss, statistics } = compositions[expected.name]!({
    ...score(logits),
    referenceLogprobs: score(referenceLogits).logprobs,
    completionMask,
  });
  loss.backward();
  expect(loss.item()).toBeAllClose(expected.loss, { rtol: 0, atol: 1e-12 });
  expect(logits.grad as Tensor).toBeAllClose(expected.logitsGradient, { rtol: 0, atol: 1e-12 });
  // Tokens read are counted by the trainer.
  const { num_tokens: _, ...metrics } = expected.metrics;
  const found = readStatistics([statistics]);
  expect(Object.keys(found).sort()).toEqual(Object.keys(metrics).sort());
  for (const [metric, value] of Object.entries(metrics)) {
    expect(found[metric as keyof typeof found], metric).toBeCloseTo(value, 7);
  }
});
