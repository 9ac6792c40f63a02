import { ShapeError } from '../errors.ts';
import { assertSameShape, noGrad, type Tensor } from '../tensor/index.ts';
import type { LossResult } from './policy-loss.ts';
import { splitPairs } from './preference-terms.ts';
import { extremeStatistic, meanStatistic, type Statistic, type Statistics } from './statistics.ts';

export interface BradleyTerryInputs {
  /** Rewards of P better texts, then of the P worse ones. [2P]; gradient flows. */
  readonly rewards: Tensor;
  /** By how much each better text should lead. [P]; 0 where left out. */
  readonly margins?: Tensor | undefined;
}

export interface BradleyTerryOptions {
  /** c: how much rewards are drawn towards mean 0. */
  readonly centerCoefficient?: number;
  /** Pairs of the whole optimiser batch; left out, those of the inputs. */
  readonly pairs?: number | undefined;
}

const mean = (values: Tensor): Statistic => meanStatistic(values, values.eq(values).sum());

/** TRL's metrics of rewards. */
function rewardStatistics(rewards: Tensor): Statistics {
  const [chosen, rejected] = splitPairs(rewards);
  return {
    min_reward: extremeStatistic('min', rewards),
    mean_reward: mean(rewards),
    max_reward: extremeStatistic('max', rewards),
    accuracy: mean(chosen.greater(rejected).to({ dtype: 'float64' })),
    margin: mean(chosen.sub(rejected)),
  };
}

/**
 * The negative log-likelihood of preferences under the Bradley–Terry model, whose odds that y_w is preferred are
 * exp(r_w − r_l), with TRL's margin m and the pull of both rewards' sum towards 0.
 *   L = mean over pairs of −log σ(r_w − r_l − m) + c (r_w + r_l)²
 * Ouyang et al. 2022, arXiv:2203.02155, Eq. 1; margin: Touvron et al. 2023, arXiv:2307.09288, Eq. 2; pull: Eisenstein et
 * al. 2023, arXiv:2312.09244, Eq. 2.
 * Statistics are TRL 1.13's RewardTrainer's, over the batch's pairs where TRL averages micro-batches.
 * @throws ShapeError when there is no worse text for each better one, or no margin for each pair.
 */
export function bradleyTerryLoss(
  { rewards, margins }: BradleyTerryInputs,
  { centerCoefficient = 0, pairs }: BradleyTerryOptions = {},
): LossResult {
  if (rewards.rank !== 1 || rewards.shape[0]! % 2 !== 0) {
    throw new ShapeError(
      `bradleyTerryLoss: rewards [${rewards.shape.join(', ')}] should be [2P]: better texts, then as many worse`,
    );
  }
  const [chosen, rejected] = splitPairs(rewards);
  if (margins) assertSameShape('bradleyTerryLoss', { chosenRewards: chosen, margins });
  const lead = chosen.sub(rejected);
  const preferred = (margins ? lead.sub(margins) : lead).logSigmoid().neg();
  const perPair =
    centerCoefficient === 0
      ? preferred
      : preferred.add(chosen.add(rejected).square().mul(centerCoefficient));
  const loss = perPair.sum().div(Math.max(pairs ?? perPair.shape[0]!, 1));
  return { loss, statistics: noGrad(() => rewardStatistics(rewards.detach())) };
}
