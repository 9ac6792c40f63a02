import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type NestedNumbers, tensor, tokenTensor } from '../tensor/index.ts';
import {
  bnpo,
  cispo,
  dapo,
  drGrpo,
  grpo,
  gspo,
  type PolicyPreset,
  presets,
  readStatistics,
  reinforce,
  rloo,
  sapo,
  sequenceMeanRatio,
  tokenLogprobs,
  totalsOf,
} from './index.ts';

interface Batch {
  logprobs: number[][];
  oldLogprobs: number[][];
  referenceLogprobs: number[][];
  advantages: number[];
  completionMask: number[][];
  entropy: number[][];
}
interface Case {
  name: string;
  loss: number;
  logprobsGradient: number[][];
  entropyGradient: number[][];
  metrics: Record<string, number>;
}
interface TokenScoreCase {
  temperature: number;
  logits: number[][];
  tokens: number[];
  weights: [number[], number[]];
  logprobs: number[];
  entropy: number[];
  gradient: number[][];
  isArgmax: number[];
}

const read = <Content>(name: string): Content =>
  JSON.parse(readFileSync(new URL(`../../test/golden/losses/${name}`, import.meta.url), 'utf8'));
const { uneven, full } =
  read<Record<'uneven' | 'full', { batch: Batch; cases: Case[] }>>('policy.json');
const scores = read<TokenScoreCase>('token-scores.json');

const float64 = (values: NestedNumbers, requiresGrad = false) =>
  tensor(values, { dtype: 'float64', requiresGrad });

const kl = { klCoefficient: 0.04 };
const bySequence = { ratioLevel: sequenceMeanRatio };

const compositions: Record<string, PolicyPreset> = {
  grpo: grpo(),
  'grpo on policy': grpo(),
  'grpo with KL': grpo(kl),
  'grpo with ratio-weighted KL': grpo({ ...kl, klWeighting: 'ratio' }),
  'grpo clip-higher': grpo({ clipRangeHigh: 0.28 }),
  'grpo two-sided': grpo({ ratioCeiling: 1.05 }),
  'grpo entropy bonus': grpo({ entropyCoefficient: 0.05 }),
  'grpo top entropy': grpo({ ...kl, topEntropyShare: 0.43 }),
  'grpo top entropy with bonus': grpo({ topEntropyShare: 0.43, entropyCoefficient: 0.05 }),
  dr_grpo: drGrpo({ maxCompletionTokens: 9, ...kl }),
  dapo: dapo(kl),
  'dapo of four updates': dapo(),
  bnpo: bnpo(kl),
  cispo: cispo({ clipRangeHigh: 1.3, ...kl }),
  gspo: gspo({ clipRange: 0.05, clipRangeHigh: 0.08 }),
  'gspo with KL': gspo({ clipRange: 0.2, clipRangeHigh: 0.2, ...kl }),
  'cispo by sequence': cispo({ clipRangeHigh: 1.1, ...bySequence }),
  sapo: sapo(kl),
  rloo: rloo(),
  'rloo clip-higher': rloo({ clipRange: 0.1, clipRangeHigh: 0.5 }),
  reinforce: reinforce(),
  'reinforce with KL': reinforce(kl),
};

function evaluate(name: string, batch: Batch) {
  const logprobs = float64(batch.logprobs, true);
  const entropy = float64(batch.entropy, true);
  const completionMask = float64(batch.completionMask);
  const width = completionMask.shape[1] as number;
  const { loss, statistics } = (compositions[name] as PolicyPreset).loss(
    {
      logprobs,
      oldLogprobs: name === 'grpo on policy' ? undefined : float64(batch.oldLogprobs),
      referenceLogprobs: float64(batch.referenceLogprobs),
      advantages: float64(batch.advantages.map((advantage) => Array(width).fill(advantage))),
      completionMask,
      entropy,
    },
    // 77 tokens sampled for four updates
    name === 'dapo of four updates'
      ? { ...totalsOf(completionMask), averageTokens: 77 / 4 }
      : totalsOf(completionMask),
  );
  loss.backward();
  return { loss, logprobs, entropy, metrics: readStatistics([statistics]) };
}

describe.each(Object.entries({ uneven, full }))(
  'against TRL 1.13, %s lengths',
  (_, { batch, cases }) => {
    test.each(cases)('$name: loss, gradients and metrics', (expected) => {
      const { loss, logprobs, entropy, metrics } = evaluate(expected.name, batch);
      expect(loss.item()).toBeAllClose(expected.loss, { rtol: 0, atol: 1e-12 });
      expect(logprobs.grad as NonNullable<typeof logprobs.grad>).toBeAllClose(
        expected.logprobsGradient,
        { rtol: 0, atol: 1e-12 },
      );
      const zeros = expected.entropyGradient.map((row) => row.map(() => 0));
      expect(entropy.grad ?? zeros).toBeAllClose(expected.entropyGradient, {
        rtol: 0,
        atol: 1e-12,
      });
      // TRL computes some metrics in float32
      expect(Object.keys(metrics).sort()).toEqual(Object.keys(expected.metrics).sort());
      for (const [metric, value] of Object.entries(expected.metrics)) {
        expect(metrics[metric as keyof typeof metrics], metric).toBeCloseTo(value, 7);
      }
    });
  },
);

test('every preset is among the cases', () => {
  const names = [...uneven.cases, ...full.cases].map(({ name }) => name);
  for (const preset of Object.keys(presets)) expect(names).toContain(preset);
  expect(names.sort()).toEqual(Object.keys(compositions).sort());
});

test('log-probabilities and entropy at a temperature, with gradients, are those of TRL', () => {
  const logits = float64(scores.logits, true);
  const tokens = tokenTensor(scores.tokens, [scores.tokens.length]);
  const { temperature } = scores;
  const found = tokenLogprobs(logits, tokens, {
    temperature,
    entropy: 'differentiable',
    compareArgmax: true,
  });
  expect(found.logprobs).toBeAllClose(scores.logprobs, { rtol: 0, atol: 1e-12 });
  expect(found.entropy ?? []).toBeAllClose(scores.entropy, { rtol: 0, atol: 1e-12 });
  expect(found.isArgmax ?? []).toBeAllClose(scores.isArgmax);
  const [first, second] = scores.weights;
  const objective = found.logprobs.mul(float64(first)).sum();
  objective.add((found.entropy ?? found.logprobs).mul(float64(second)).sum()).backward();
  expect(logits.grad ?? []).toBeAllClose(scores.gradient, { rtol: 0, atol: 1e-12 });
});
