import { ShapeError } from '../errors.ts';
import { noGrad, type Tensor } from '../tensor/index.ts';
import type { PairLoss, PairTotals } from './pair-losses.ts';
import type { LossResult } from './policy-loss.ts';
import {
  logRatio,
  type PreferenceInputs,
  type PreferenceTerms,
  preferenceTerms,
  splitPairs,
} from './preference-terms.ts';
import { meanStatistic, type Statistic, type Statistics, tokenStatistic } from './statistics.ts';

/** A pair loss and how much it counts. */
export interface WeightedPairLoss {
  readonly pairLoss: PairLoss;
  readonly weight: number;
}

export interface PreferenceLossOptions {
  /** What is added up. */
  readonly losses: readonly WeightedPairLoss[];
  /** β of the implicit rewards that are reported: β log[π_θ(y|x) / π_ref(y|x)]. */
  readonly rewardScale: number;
}

/** `totals` are those of the whole optimiser batch; left out, those of the inputs. */
export type PreferenceLoss = (inputs: PreferenceInputs, totals?: PairTotals) => LossResult;

const pairStatistic = (values: Tensor): Statistic => meanStatistic(values, values.eq(values).sum());

/** TRL's metrics of the pairs themselves. */
function pairStatistics({ chosen, rejected }: PreferenceTerms, rewardScale: number): Statistics {
  const rewards = {
    chosen: logRatio(chosen).mul(rewardScale),
    rejected: logRatio(rejected).mul(rewardScale),
  };
  const isRight = rewards.chosen.greater(rewards.rejected).to({ dtype: 'float64' });
  return {
    'rewards/chosen': pairStatistic(rewards.chosen),
    'rewards/rejected': pairStatistic(rewards.rejected),
    'rewards/accuracies': pairStatistic(isRight),
    'rewards/margins': pairStatistic(rewards.chosen.sub(rewards.rejected)),
    'logps/chosen': pairStatistic(chosen.logprob),
    'logps/rejected': pairStatistic(rejected.logprob),
  };
}

/** TRL's metrics of the tokens: entropy of both completions, accuracy of the better, mean logits of each. */
function tokenStatistics(inputs: PreferenceInputs): Statistics {
  const { completionMask, entropy, isArgmax, meanLogits, rejectedPerChosen } = inputs;
  const [chosenMask, rejectedMask] = splitPairs(completionMask, rejectedPerChosen);
  const logits = meanLogits && splitPairs(meanLogits, rejectedPerChosen);
  return {
    ...(entropy && { entropy: tokenStatistic(entropy, completionMask) }),
    ...(isArgmax && {
      mean_token_accuracy: tokenStatistic(
        splitPairs(isArgmax, rejectedPerChosen)[0].to({ dtype: 'float64' }),
        chosenMask,
      ),
    }),
    ...(logits && {
      'logits/chosen': tokenStatistic(logits[0], chosenMask),
      'logits/rejected': tokenStatistic(logits[1], rejectedMask),
    }),
  };
}

const totalsOf = ({ completionMask, rejectedPerChosen = 1 }: PreferenceInputs): PairTotals => ({
  chosenTokens: noGrad(() => splitPairs(completionMask, rejectedPerChosen)[0].sum().item()),
  pairs: completionMask.shape[0]! / (1 + rejectedPerChosen),
});

/** @throws ShapeError for a loss that compares with one worse completion and was given several. */
function assertPerPair(loss: Tensor, { chosen, rejected }: PreferenceTerms): Tensor {
  if (loss.shape.join() === chosen.logprob.shape.join()) return loss;
  throw new ShapeError(
    `preferenceLoss: a loss takes one worse completion of each pair, found ${rejected.logprob.shape[0]}; use softmaxPairLoss (loss_type softmax), which takes several`,
  );
}

/**
 * A loss of preferences from its parts.
 *   L = Σ_k w_k · mean over pairs of ℓ_k
 * Statistics are TRL 1.13's DPOTrainer's, over the batch's pairs and tokens where TRL averages micro-batches' means.
 * @throws ShapeError when the inputs' shapes differ.
 */
export function preferenceLoss({ losses, rewardScale }: PreferenceLossOptions): PreferenceLoss {
  return (inputs, totals = totalsOf(inputs)) => {
    const terms = preferenceTerms(inputs);
    const parts = losses.map(({ pairLoss, weight }) =>
      assertPerPair(pairLoss(terms, totals), terms)
        .sum()
        .mul(weight / Math.max(totals.pairs, 1)),
    );
    const statistics = noGrad(() => ({
      ...pairStatistics(terms, rewardScale),
      ...tokenStatistics(inputs),
    }));
    return { loss: parts.reduce((sum, part) => sum.add(part)), statistics };
  };
}
