import { join } from 'node:path';
import { Policy } from '../../../policy/index.ts';
import { learnValidation } from '../../../recommendation/index.ts';
import type { Json } from '../../runner/cell.ts';
import type { CellContext } from '../../runner/reproduction.ts';
import { namedRewards } from '../rewards/index.ts';
import { trainRecommenderByReward } from '../train-by-reward.ts';
import { asksSasrec, learnsNew, type RewardArm, rewardArm } from './arms.ts';
import { pairedNdcg } from './measure.ts';
import type { TaskSettings } from './settings.ts';
import { MODEL, toJson, unvalidated, validationOf } from './supervised-cell.ts';
import { loadTask } from './task-data.ts';
import { measurePolicy, train } from './train-and-measure.ts';
import { TrainingCurve } from './training-curve.ts';

export interface RewardCell {
  readonly arm: RewardArm;
  readonly seed: number;
  /** The folder of the supervised cell that it starts from. */
  readonly start: string;
  /** The folder of the SASRec cell that it asks, where it asks one. */
  readonly scorer: string | undefined;
  readonly context: CellContext;
}

/** What is the arm's own among the settings. */
export function rewardSettings(task: TaskSettings, arm: RewardArm) {
  const { reward, newQuestions: own, collaborative } = task;
  const { steps, groupSize } = own;
  if (learnsNew(arm)) return { ...reward, learningRate: own.reward, steps, groupSize };
  return asksSasrec(arm) ? { ...reward, ...collaborative } : reward;
}

/** Trains the supervised start by reward, and compares the best of its validations with that start. */
export async function computeRewardArm(
  task: TaskSettings,
  { arm, seed, start, scorer, context }: RewardCell,
): Promise<Json> {
  const { folder, report } = context;
  const policy = Policy.load(join(start, MODEL));
  const { data, language } = await loadTask(task, context.data, policy.tokenizer);
  const curve = new TrainingCurve(report);
  const isNew = learnsNew(arm);
  const reward = rewardSettings(task, arm);
  const { sampler, lastCompletion, reward: name } = rewardArm(arm);
  const { trainingSeconds } = await train(context, (run) =>
    trainRecommenderByReward({
      data: isNew ? learnValidation(data) : data,
      language,
      policy,
      sampler,
      ...(lastCompletion && { lastCompletion }),
      reward: namedRewards(name, {
        items: data.items,
        language,
        scorer: scorer && join(scorer, MODEL),
      }),
      promptsPerStep: reward.promptsPerStep,
      groupSize: reward.groupSize,
      learningRate: reward.learningRate,
      hiddenDropout: reward.dropout,
      beta: reward.klCoefficient,
      maxSteps: reward.steps,
      ...(isNew ? unvalidated : { evalStrategy: 'steps', evalSteps: reward.evalSteps }),
      earlyStoppingPatience: null,
      validation: isNew ? null : validationOf(task),
      seed,
      loggingSteps: 1,
      logCompletions: false,
      ...run,
      onEvent: curve.onEvent,
    }),
  );
  const measured = await measurePolicy(policy, {
    data,
    language,
    settings: task.measure,
    isValidLearned: isNew,
    context,
  });
  return toJson({
    trainingSeconds,
    curve: curve.points,
    groups: curve.groups,
    ...measured,
    overStart: pairedNdcg(folder, start),
  });
}
