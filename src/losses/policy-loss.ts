import { ConfigError } from '../errors.ts';
import { assertSameShape, type Tensor } from '../tensor/index.ts';
import { type Aggregation, type BatchTotals, onlyTrained, totalsOf } from './aggregate.ts';
import { topEntropyMask } from './entropy.ts';
import { type KlEstimator, klToReference } from './kl.ts';
import { type RatioLevel, tokenRatio } from './ratio-level.ts';
import { type Statistics, sumStatistic, tokenStatistic } from './statistics.ts';
import type { Surrogate } from './surrogate.ts';

/** What a policy loss is computed from. Every tensor is [B, T]; what stands where the mask is 0 is never read. */
export interface PolicyLossInputs {
  /** log π_θ(o_t | q, o_<t) under the policy being trained, in nats; gradient flows. */
  readonly logprobs: Tensor;
  /** The same tokens under the policy that sampled them; no gradient. Left out on policy: `logprobs` then. */
  readonly oldLogprobs?: Tensor | undefined;
  /** The same tokens under the reference policy; no gradient. Needed when the KL coefficient is not 0. */
  readonly referenceLogprobs?: Tensor | undefined;
  /** One advantage per token; constant along T for outcome rewards. */
  readonly advantages: Tensor;
  /** 1 where the token was sampled by the policy and is trained on, else 0. */
  readonly completionMask: Tensor;
  /** Entropy of the distribution each token was drawn from; gradient flows when there is an entropy bonus. */
  readonly entropy?: Tensor | undefined;
}

export interface LossResult {
  /** Scalar: this micro-batch's part of the batch's loss. */
  readonly loss: Tensor;
  /** What to report; combine micro-batches with `readStatistics`. */
  readonly statistics: Statistics;
}

/** `totals` are those of the whole optimiser batch; left out, those of the inputs. */
export type PolicyLoss = (inputs: PolicyLossInputs, totals?: BatchTotals) => LossResult;

/** What follows the surrogate in every policy loss. */
export interface RegularisationOptions {
  /** What shares one importance ratio. */
  readonly ratioLevel?: RatioLevel;
  /** β: weight of the KL to the reference; 0 leaves it out. */
  readonly klCoefficient?: number;
  readonly klEstimator?: KlEstimator;
  /** Whether the KL is multiplied by the importance ratio, which makes its gradient unbiased on older data. */
  readonly klWeighting?: 'none' | 'ratio';
  /** Weight of the mean entropy of trained tokens, added to the objective; 0 leaves it out. */
  readonly entropyCoefficient?: number;
  /** Share of trained tokens, those of highest entropy, that the surrogate acts on. */
  readonly topEntropyShare?: number;
}

export interface PolicyLossOptions extends RegularisationOptions {
  /** How advantages become a gradient. */
  readonly surrogate: Surrogate;
  /** How per-token values become one scalar. */
  readonly aggregate: Aggregation;
}

const tensorsOf = (inputs: PolicyLossInputs): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(inputs).filter(([, value]) => value !== undefined));

function required(tensor: Tensor | undefined, name: string, reason: string): Tensor {
  if (tensor !== undefined) return tensor;
  throw new ConfigError(`policyLoss: ${name} is missing, and ${reason} needs it`);
}

/** The inputs with zeros where nothing is trained, so that nothing there can reach the loss or its gradient. */
function maskInputs(inputs: PolicyLossInputs) {
  const { completionMask, oldLogprobs, referenceLogprobs, entropy } = inputs;
  const masked = (tensor: Tensor) => onlyTrained(tensor, completionMask);
  const logprobs = masked(inputs.logprobs);
  return {
    completionMask,
    logprobs,
    oldLogprobs: oldLogprobs === undefined ? logprobs.detach() : masked(oldLogprobs.detach()),
    referenceLogprobs: referenceLogprobs && masked(referenceLogprobs.detach()),
    advantages: masked(inputs.advantages.detach()),
    entropy: entropy && masked(entropy),
  };
}

type MaskedInputs = ReturnType<typeof maskInputs>;

/** 1 for the tokens that surrogate and entropy bonus act on. */
function actingMask({ entropy, completionMask }: MaskedInputs, topEntropyShare: number): Tensor {
  if (topEntropyShare >= 1) return completionMask;
  const entropies = required(entropy, 'entropy', 'topEntropyShare');
  return topEntropyMask(entropies, completionMask, topEntropyShare);
}

/** KL of each token [B, T], undefined where the coefficient leaves it out. */
function klTerm(
  { logprobs, referenceLogprobs }: MaskedInputs,
  ratio: Tensor,
  { klCoefficient = 0, klEstimator = 'k3', klWeighting = 'none' }: RegularisationOptions,
): Tensor | undefined {
  if (klCoefficient === 0) return undefined;
  const reference = required(referenceLogprobs, 'referenceLogprobs', 'klCoefficient');
  const divergence = klToReference(logprobs, reference, klEstimator);
  return klWeighting === 'ratio' ? divergence.mul(ratio) : divergence;
}

/** Mean entropy of the acting tokens, weighted by this micro-batch's share of the batch's trained tokens. */
function entropyTerm(
  { entropy, completionMask }: MaskedInputs,
  acting: Tensor,
  { tokens }: BatchTotals,
): Tensor {
  const entropies = required(entropy, 'entropy', 'entropyCoefficient');
  const mean = onlyTrained(entropies, acting).sum().div(acting.sum().clamp(1));
  return mean.mul(completionMask.sum()).div(Math.max(tokens, 1));
}

/**
 * A policy-gradient loss from its parts.
 *   L = agg_t(surrogate_t + β KL_t) − c_H · mean_t H_t
 * Order and normalisation follow TRL 1.13's GRPOTrainer:
 * - `topEntropyShare` masks the surrogate and the entropy bonus, not the KL. Its quantile is that of the
 *   micro-batch, so with a share below 1 the split into micro-batches matters.
 * - The bonus is a mean over trained tokens whatever `aggregate` is.
 * @throws ShapeError when the inputs' shapes differ; ConfigError when one that the options need is missing.
 */
export function policyLoss(options: PolicyLossOptions): PolicyLoss {
  const { surrogate, aggregate, ratioLevel = tokenRatio } = options;
  const { klCoefficient = 0, entropyCoefficient = 0, topEntropyShare = 1 } = options;
  return (inputs, totals = totalsOf(inputs.completionMask)) => {
    assertSameShape('policyLoss', tensorsOf(inputs));
    const masked = maskInputs(inputs);
    const { logprobs, oldLogprobs, advantages, completionMask, entropy } = masked;
    const ratio = ratioLevel.logRatio(logprobs.sub(oldLogprobs), completionMask).exp();
    const { unit } = ratioLevel;
    const terms = surrogate({ logprobs, ratio, advantages, completionMask, unit });
    const acting = actingMask(masked, topEntropyShare);
    const policy = topEntropyShare < 1 ? terms.perToken.mul(acting) : terms.perToken;
    const kl = klTerm(masked, ratio, options);
    const perToken = kl === undefined ? policy : policy.add(kl.mul(klCoefficient));
    const loss = aggregate(perToken, completionMask, totals);
    const statistics: Statistics = {
      ...terms.statistics,
      ...(kl && { kl: tokenStatistic(kl, completionMask) }),
      ...(entropy && { entropy: tokenStatistic(entropy, completionMask) }),
    };
    if (entropyCoefficient === 0) return { loss, statistics };
    return {
      loss: loss.sub(entropyTerm(masked, acting, totals).mul(entropyCoefficient)),
      statistics: { ...statistics, policy_loss: sumStatistic(loss) },
    };
  };
}
