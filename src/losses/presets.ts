import {
  type Aggregation,
  averageTokenMean,
  constantLength,
  sequenceMean,
  sequenceSum,
  tokenMean,
} from './aggregate.ts';
import { cispo as cispoSurrogate } from './cispo.ts';
import { type PolicyLoss, policyLoss, type RegularisationOptions } from './policy-loss.ts';
import { type PpoClipOptions, ppoClip } from './ppo-clip.ts';
import { sequenceMeanRatio, sequenceRatio } from './ratio-level.ts';
import { reinforce as reinforceSurrogate } from './reinforce.ts';
import { type SapoOptions, sapo as sapoSurrogate } from './sapo.ts';
import type { Surrogate } from './surrogate.ts';

/** How a preset's advantages follow from rewards; the names are those of `advantages/`. */
export type AdvantageRecipe =
  | { readonly estimator: 'group-relative'; readonly scaling: 'group' | 'batch' | 'none' }
  | { readonly estimator: 'leave-one-out' }
  | { readonly estimator: 'reinforce' };

/** A published algorithm as a composition. */
export interface PolicyPreset {
  readonly advantages: AdvantageRecipe;
  /** β of a KL taken off each completion's reward (`sequenceKlToReference`); 0 where the KL is in the loss. */
  readonly rewardKlCoefficient: number;
  readonly loss: PolicyLoss;
  /** Whether the loss divides by the batch's trained tokens. */
  readonly dividesByTokens: boolean;
}

export interface PresetOptions extends PpoClipOptions, RegularisationOptions {}

const groupRelative: AdvantageRecipe = { estimator: 'group-relative', scaling: 'group' };

interface Parts {
  surrogate?: Surrogate;
  aggregate: Aggregation;
  advantages?: AdvantageRecipe;
}

const compose = (
  options: PresetOptions,
  { surrogate = ppoClip(options), aggregate, advantages = groupRelative }: Parts,
): PolicyPreset => ({
  advantages,
  rewardKlCoefficient: 0,
  loss: policyLoss({ ...options, surrogate, aggregate }),
  dividesByTokens: aggregate === tokenMean || aggregate === averageTokenMean,
});

/** GRPO: clipped ratio, mean of sequence means. Shao et al. 2024, arXiv:2402.03300. */
export const grpo = (options: PresetOptions = {}): PolicyPreset =>
  compose(options, { aggregate: sequenceMean });

/**
 * Dr. GRPO: neither the group's standard deviation nor the completion's length divides. Liu et al. 2025,
 * arXiv:2503.20783. TRL's `loss_type: dr_grpo` alone leaves `scale_rewards` at `group`.
 */
export const drGrpo = ({
  maxCompletionTokens,
  ...options
}: PresetOptions & { maxCompletionTokens: number }): PolicyPreset =>
  compose(options, {
    aggregate: constantLength(maxCompletionTokens),
    advantages: { estimator: 'group-relative', scaling: 'none' },
  });

/**
 * DAPO's token-level loss, TRL's default. Yu et al. 2025, arXiv:2503.14476, whose clip-higher is
 * `clipRangeHigh: 0.28`; here, as in TRL, ε_high is ε unless given.
 */
export const dapo = (options: PresetOptions = {}): PolicyPreset =>
  compose(options, { aggregate: averageTokenMean });

/** Mean over the batch's tokens. TRL's `bnpo`, whose normaliser is the micro-batch's where this one's is the batch's. */
export const bnpo = (options: PresetOptions = {}): PolicyPreset =>
  compose(options, { aggregate: tokenMean });

/** CISPO: the weight is clipped, at `clipRangeHigh` = ε_max = 5 unless given (TRL: ε). See `cispo.ts`. */
export const cispo = ({ clipRangeHigh, ...options }: PresetOptions = {}): PolicyPreset =>
  compose(options, {
    surrogate: cispoSurrogate(clipRangeHigh === undefined ? {} : { maxRatio: clipRangeHigh }),
    aggregate: averageTokenMean,
  });

/** GSPO: one ratio per sequence, clip ranges of the paper. Zheng et al. 2025, arXiv:2507.18071. */
export const gspo = ({
  clipRange = 3e-4,
  clipRangeHigh = 4e-4,
  ...options
}: PresetOptions = {}): PolicyPreset =>
  compose(
    { ratioLevel: sequenceMeanRatio, ...options, clipRange, clipRangeHigh },
    { aggregate: sequenceMean },
  );

/** SAPO: a smooth gate in place of the clip. See `sapo.ts`. */
export const sapo = (options: RegularisationOptions & SapoOptions = {}): PolicyPreset =>
  compose(options, { surrogate: sapoSurrogate(options), aggregate: sequenceMean });

/**
 * RLOO: leave-one-out baseline, one ratio per completion, KL in the reward. Ahmadian et al. 2024, arXiv:2402.14740;
 * defaults and clipping are those of TRL 1.13's RLOOTrainer.
 */
export const rloo = ({ klCoefficient = 0.05, ...options }: PresetOptions = {}): PolicyPreset => ({
  ...compose(
    { ...options, ratioLevel: sequenceRatio },
    { aggregate: sequenceMean, advantages: { estimator: 'leave-one-out' } },
  ),
  rewardKlCoefficient: klCoefficient,
});

/** REINFORCE: −Σ_t A log π_θ per completion, no ratio, no clip. Williams 1992. */
export const reinforce = (options: RegularisationOptions = {}): PolicyPreset =>
  compose(options, {
    surrogate: reinforceSurrogate(),
    aggregate: sequenceSum,
    advantages: { estimator: 'reinforce' },
  });

/** Every preset, by the name that YAML gives it. */
export const presets = {
  grpo,
  dr_grpo: drGrpo,
  dapo,
  bnpo,
  cispo,
  gspo,
  sapo,
  rloo,
  reinforce,
} as const;

export type PresetName = keyof typeof presets;
