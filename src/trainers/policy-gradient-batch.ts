import type { Advantages } from '../advantages/index.ts';
import {
  groupRelativeAdvantages,
  leaveOneOutAdvantages,
  reinforceAdvantages,
} from '../advantages/index.ts';
import type { CompletionOrigin, TrainSequence } from '../batches/index.ts';
import {
  type AdvantageRecipe,
  type PolicyPreset,
  type PresetOptions,
  presets,
  sequenceMeanRatio,
} from '../losses/index.ts';
import type { Prompt, Rollout, RolloutGroup } from '../types.ts';
import type { GrpoOptions } from './config/index.ts';

/** The published algorithm that the options name, with their clipping, KL and entropy terms. */
export function presetOf(options: GrpoOptions): PolicyPreset {
  const { lossType, epsilon, epsilonHigh, delta, beta, klEstimator, useBiasCorrectionKl } = options;
  const shared: PresetOptions = {
    clipRange: epsilon,
    ...(epsilonHigh !== null && { clipRangeHigh: epsilonHigh }),
    ...(delta !== null && { ratioCeiling: delta }),
    ...(options.importanceSamplingLevel === 'sequence' && { ratioLevel: sequenceMeanRatio }),
    klCoefficient: beta,
    klEstimator,
    klWeighting: useBiasCorrectionKl ? 'ratio' : 'none',
    entropyCoefficient: options.entropyCoef,
    topEntropyShare: options.topEntropyQuantile,
  };
  switch (lossType) {
    case 'dr_grpo':
      return presets.dr_grpo({ ...shared, maxCompletionTokens: options.maxCompletionLength });
    case 'sapo':
      return presets.sapo({
        ...shared,
        positiveTemperature: options.sapoTemperaturePos,
        negativeTemperature: options.sapoTemperatureNeg,
      });
    default:
      return presets[lossType](shared);
  }
}

/** Advantages of scored groups by a preset's recipe. `scale_rewards` decides what group-relative ones divide by. */
export function estimateAdvantages(
  rewards: readonly (readonly (number | null)[])[],
  recipe: AdvantageRecipe,
  scaling: 'group' | 'batch' | 'none',
): Advantages {
  switch (recipe.estimator) {
    case 'group-relative':
      return groupRelativeAdvantages(rewards, { scaling });
    case 'leave-one-out':
      return leaveOneOutAdvantages(rewards);
    case 'reinforce':
      return reinforceAdvantages(rewards);
  }
}

export interface SequenceOptions {
  readonly advantages: Advantages;
  /** log π_ref of each token, by completion. */
  readonly references: readonly (readonly number[])[] | undefined;
  /** Leave completions that the length limit cut out of the loss. */
  readonly maskTruncated: boolean;
  /** Where the first of them is stored; the others follow. */
  readonly origin?: CompletionOrigin;
}

/**
 * Scored completions as sequences to train on: every token carries its completion's advantage. A completion without
 * a reward, and a truncated one where asked for, is kept with an all-zero mask.
 */
export function toSequences(
  groups: readonly RolloutGroup[],
  { advantages: { advantages, scoredMask }, references, maskTruncated, origin }: SequenceOptions,
): TrainSequence[] {
  let completion = 0;
  return groups.flatMap((group, p) =>
    group.rollouts.map((rollout, g) => {
      const trained = scoredMask[p]![g]! && !(maskTruncated && rollout.finishReason === 'length');
      const reference = references?.[completion];
      const place = origin && { ...origin, completion: origin.completion + completion };
      completion += 1;
      return {
        ...wholeSequence(group.prompt, rollout, trained ? 1 : 0),
        advantages: rollout.tokens.map(() => advantages[p]![g]!),
        ...(reference && { referenceLogprobs: reference }),
        ...(place && { origin: place }),
      };
    }),
  );
}

/** Prompt and completion, every token of the completion masked alike. */
export function wholeSequence(
  prompt: Prompt,
  { tokens, logprobs, keptTokens }: Rollout,
  mask: 0 | 1,
): TrainSequence {
  return {
    tokens: [...prompt.tokens, ...tokens],
    promptLength: prompt.tokens.length,
    completionMask: tokens.map(() => mask),
    oldLogprobs: logprobs,
    ...(keptTokens && { keptTokens }),
  };
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** Rewards less β times each completion's KL to the reference, k1 summed over its tokens, as RLOO takes it. */
export function penalizeRewards(
  rewards: readonly (readonly (number | null)[])[],
  groups: readonly RolloutGroup[],
  {
    references,
    coefficient,
  }: { references: readonly (readonly number[])[] | undefined; coefficient: number },
): readonly (readonly (number | null)[])[] {
  if (references === undefined || coefficient === 0) return rewards;
  let completion = 0;
  return groups.map(({ rollouts }, p) =>
    rollouts.map(({ logprobs }, g) => {
      const kl = total(logprobs) - total(references[completion++]!);
      const reward = rewards[p]![g]!;
      return reward === null ? null : reward - coefficient * kl;
    }),
  );
}

/** k1 to the reference, mean over completion tokens: TRL's `kl` where it is taken off the reward. */
export function meanKl(
  groups: readonly RolloutGroup[],
  references: readonly (readonly number[])[],
): number {
  const logprobs = groups.flatMap(({ rollouts }) => rollouts.map((rollout) => rollout.logprobs));
  const sum = (rows: readonly (readonly number[])[]) => total(rows.map(total));
  return (
    (sum(logprobs) - sum(references)) / Math.max(1, total(logprobs.map(({ length }) => length)))
  );
}
