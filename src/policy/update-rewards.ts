import { setImmediate as nextTurn } from 'node:timers/promises';
import { packTexts, type RowLayout } from '../batches/index.ts';
import { bradleyTerryLoss, type LossMetric, type LossResult } from '../losses/index.ts';
import { hiddenStates, recomputesLayers, withHiddenStates } from '../models/index.ts';
import { noGrad, phase, type Tensor, tensor, tidy } from '../tensor/index.ts';
import { type Learner, optimiserStep, type StepPart, type UpdateResult } from './optimiser-step.ts';
import { type RewardModel, scoresAt } from './reward-model.ts';
import { stepSeed } from './step-seed.ts';
import { takeStatistics } from './take-statistics.ts';
import type { BackwardOptions } from './update.ts';

/** A better and a worse text, as tokens. */
export interface TextPair {
  readonly chosen: readonly number[];
  readonly rejected: readonly number[];
  /** By how much the better one should lead; all pairs have one, or none. */
  readonly margin?: number;
}

export interface PairLossOptions {
  /** How much rewards are drawn towards mean 0. */
  readonly centerCoefficient?: number;
  /** Which texts share a row of the forward pass; by default none do. */
  readonly layout?: RowLayout | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface UpdateRewardsOptions extends PairLossOptions, BackwardOptions {
  readonly learningRate: number;
}

const countPairs = (micros: readonly (readonly TextPair[])[]): number =>
  micros.reduce((sum, { length }) => sum + length, 0);

/** Pairs as one batch of texts, the better ones first. */
function packPairs(
  { model, padTokenId }: RewardModel,
  pairs: readonly TextPair[],
  layout: RowLayout | undefined,
) {
  const texts = [...pairs.map(({ chosen }) => chosen), ...pairs.map(({ rejected }) => rejected)];
  return packTexts(texts, { padTokenId, layout, device: model.weights.embedTokens.device });
}

function lossOf(
  rewards: Tensor,
  pairs: readonly TextPair[],
  total: number,
  centerCoefficient: number | undefined,
): LossResult {
  const { dtype, device } = rewards;
  const hasMargins = pairs.some(({ margin }) => margin !== undefined);
  const margins = hasMargins
    ? tensor(
        pairs.map(({ margin = 0 }) => margin),
        { dtype },
      ).to({ device })
    : undefined;
  const options = { pairs: total, ...(centerCoefficient !== undefined && { centerCoefficient }) };
  return bradleyTerryLoss({ rewards, margins }, options);
}

/**
 * One optimiser step of a reward model over micro-batches of pairs. Gradients add up to those of the whole batch,
 * however it is split. Nothing is changed when it throws.
 */
export function updateRewards(
  learner: Learner<RewardModel>,
  micros: readonly (readonly TextPair[])[],
  { learningRate, signal, dropoutSeed, ...options }: UpdateRewardsOptions,
): Promise<UpdateResult> {
  const total = countPairs(micros);
  const forward = (pairs: readonly TextPair[], index: number) =>
    forwardBackward(learner.policy, pairs, total, {
      ...options,
      dropoutSeed: stepSeed(dropoutSeed, learner.optimizer.stepCount, index),
    });
  return optimiserStep(learner, micros, forward, { learningRate, signal });
}

/** Adds one micro-batch's gradients to the reward model's parameters. */
function forwardBackward(
  rewardModel: RewardModel,
  pairs: readonly TextPair[],
  total: number,
  {
    centerCoefficient,
    layout,
    gradientCheckpointing = null,
    ...dropout
  }: Omit<UpdateRewardsOptions, 'learningRate'>,
): StepPart {
  const { model } = rewardModel;
  return tidy(() => {
    const { ends, ...texts } = phase('pack', () => packPairs(rewardModel, pairs, layout));
    const inputs = { ...texts, ...dropout };
    const work = (hidden: Tensor): LossResult => {
      const result = lossOf(scoresAt(model, hidden, ends), pairs, total, centerCoefficient);
      result.loss.backward();
      return result;
    };
    const recompute = gradientCheckpointing ?? recomputesLayers(model, inputs.tokens.shape);
    const { loss, statistics } = withHiddenStates(model, inputs, work, { recompute });
    return { loss: loss.item(), statistics };
  });
}

/** The loss and metrics of held-out pairs, as training would compute them over all at once, without changing anything. */
export async function evaluatePairs(
  rewardModel: RewardModel,
  micros: readonly (readonly TextPair[])[],
  { centerCoefficient, layout, signal }: PairLossOptions = {},
): Promise<{ loss: number } & Partial<Record<LossMetric, number>>> {
  const total = countPairs(micros);
  const parts: StepPart[] = [];
  for (const pairs of micros) {
    await nextTurn();
    signal?.throwIfAborted();
    const part = noGrad(() =>
      tidy(() => {
        const { ends, ...inputs } = packPairs(rewardModel, pairs, layout);
        const rewards = scoresAt(rewardModel.model, hiddenStates(rewardModel.model, inputs), ends);
        const { loss, statistics } = lossOf(rewards, pairs, total, centerCoefficient);
        return { loss: loss.item(), statistics };
      }),
    );
    parts.push(part);
  }
  const loss = parts.reduce((sum, part) => sum + part.loss, 0);
  return { loss, ...takeStatistics(parts.map(({ statistics }) => statistics)) };
}
