import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Policy } from '../../../policy/index.ts';
import { generativeRecommender } from '../../../recommendation/index.ts';
import type { Json } from '../../runner/cell.ts';
import type { CellContext } from '../../runner/reproduction.ts';
import { trainRecommenderByReward } from '../train-by-reward.ts';
import { asksSasrec, learnsNew, type RewardArm, rewardArms, rewardOf } from './arms.ts';
import { measure, pairedNdcg } from './measure.ts';
import type { TaskSettings } from './settings.ts';
import { MODEL, toJson, unvalidated, validationOf, WORK } from './supervised-cell.ts';
import { loadTask, newQuestions } from './task-data.ts';
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
function rewardSettings({ reward, newRates, collaborative }: TaskSettings, arm: RewardArm) {
  if (learnsNew(arm)) return { ...reward, learningRate: newRates.reward };
  return asksSasrec(arm) ? { ...reward, ...collaborative } : reward;
}

/** Trains the supervised start by reward, and compares the best of its validations with that start. */
export async function computeRewardArm(
  task: TaskSettings,
  { arm, seed, start, scorer, context }: RewardCell,
): Promise<Json> {
  const { folder, report, signal } = context;
  const policy = Policy.load(join(start, MODEL));
  const { data, language } = await loadTask(task, context.data, policy.tokenizer);
  const { measure: measuring } = task;
  const curve = new TrainingCurve(report);
  const startedAt = performance.now();
  const isNew = learnsNew(arm);
  const reward = rewardSettings(task, arm);
  await trainRecommenderByReward({
    data: isNew ? newQuestions(data) : data,
    language,
    policy,
    sampler: rewardArms[arm].sampler,
    reward: rewardOf(arm, { data, language, scorer: scorer && join(scorer, MODEL) }),
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
    outputDir: join(folder, WORK, 'run'),
    console: null,
    signal,
    onEvent: curve.onEvent,
  });
  const trainingSeconds = Math.round((performance.now() - startedAt) / 1000);
  rmSync(join(folder, WORK), { recursive: true, force: true });
  const recommender = generativeRecommender(policy, language, { width: measuring.width });
  const measured = await measure(recommender, {
    data,
    language,
    settings: measuring,
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
