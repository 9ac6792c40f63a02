import { expect, test } from 'vitest';
import { tensor } from '../tensor/index.ts';
import { tokenMean, totalsOf } from './aggregate.ts';
import { cispo } from './cispo.ts';
import { policyLoss } from './policy-loss.ts';
import { ppoClip } from './ppo-clip.ts';
import { sequenceMeanRatio, sequenceRatio } from './ratio-level.ts';
import { reinforce } from './reinforce.ts';
import { sapo } from './sapo.ts';
import { readStatistics } from './statistics.ts';
import type { Surrogate } from './surrogate.ts';

/** The loss and metrics of one sequence whose tokens have these ratios; old log-probabilities are −1. */
function evaluate(
  surrogate: Surrogate,
  ratios: number[],
  advantages: number[],
  ratioLevel?: typeof sequenceRatio,
) {
  const row = (values: number[]) => tensor([values], { dtype: 'float64' });
  const completionMask = row(ratios.map(() => 1));
  const loss = policyLoss({
    surrogate,
    aggregate: tokenMean,
    ...(ratioLevel === undefined ? {} : { ratioLevel }),
  });
  const result = loss(
    {
      logprobs: row(ratios.map((ratio) => Math.log(ratio) - 1)),
      oldLogprobs: row(ratios.map(() => -1)),
      advantages: row(advantages),
      completionMask,
    },
    totalsOf(completionMask),
  );
  return { loss: result.loss.item(), metrics: readStatistics([result.statistics]) };
}

test('a positive advantage stops paying above 1 + ε', () => {
  const { loss, metrics } = evaluate(ppoClip(), [1.5, 0.5], [1, 1]);
  // min(1.5, 1.2) + min(0.5, 0.8) = 1.7, over 2 tokens
  expect(loss).toBeCloseTo(-0.85, 12);
  expect(metrics['clip_ratio/high_mean']).toBe(0.5);
  expect(metrics['clip_ratio/low_mean']).toBe(0);
});

test('a negative advantage stops paying below 1 − ε, and its cost has no bound above', () => {
  const { loss, metrics } = evaluate(ppoClip(), [0.5, 3], [-1, -1]);
  // min(−0.5, −0.8) + min(−3, −1.2) = −3.8, over 2 tokens
  expect(loss).toBeCloseTo(1.9, 12);
  expect(metrics['clip_ratio/low_mean']).toBe(0.5);
  expect(metrics['clip_ratio/region_mean']).toBe(0.5);
});

test('a ratio ceiling bounds the cost of a negative advantage', () => {
  // min(−2, −1.2) = −2
  expect(evaluate(ppoClip({ ratioCeiling: 2 }), [3], [-1]).loss).toBeCloseTo(2, 12);
});

test('clip-higher leaves more room above than below', () => {
  const surrogate = ppoClip({ clipRange: 0.2, clipRangeHigh: 0.28 });
  expect(evaluate(surrogate, [1.5], [1]).loss).toBeCloseTo(-1.28, 12);
  expect(evaluate(surrogate, [0.5], [-1]).loss).toBeCloseTo(0.8, 12);
});

test('CISPO weighs log π by the ratio, up to ε_max', () => {
  const { loss, metrics } = evaluate(cispo({ maxRatio: 5 }), [8, 2], [1, -3]);
  // weights 5 and 2: −(5·1·(ln 8 − 1) + 2·(−3)·(ln 2 − 1)) / 2
  expect(loss).toBeCloseTo(-(5 * (Math.log(8) - 1) - 6 * (Math.log(2) - 1)) / 2, 12);
  expect(metrics.cispo_clip_ratio).toBe(0.5);
});

test('SAPO has a gate for each sign of the advantage', () => {
  // 4/τ σ(τ (2 − 1)) with τ = 1, and 4/τ σ(0) = 2/1.05 with τ = 1.05
  const positive = 4 / (1 + Math.exp(-1));
  expect(evaluate(sapo(), [2, 1], [1, -1]).loss).toBeCloseTo(-(positive - 2 / 1.05) / 2, 12);
});

test('REINFORCE is −A log π, whatever the old policy thought', () => {
  expect(evaluate(reinforce(), [0.5], [2]).loss).toBeCloseTo(-2 * (Math.log(0.5) - 1), 12);
});

test('a sequence ratio is the product of the tokens’ ratios, its mean the geometric one', () => {
  const wide = ppoClip({ clipRange: 1, clipRangeHigh: 100 });
  expect(evaluate(wide, [2, 8], [1, 1], sequenceRatio).loss).toBeCloseTo(-16, 12);
  expect(evaluate(wide, [2, 8], [1, 1], sequenceMeanRatio).loss).toBeCloseTo(-4, 12);
});
