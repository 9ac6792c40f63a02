/**
 * How well the last-layer model foretells what updates do, a step at a time: with only the head trained, where it leaves
 * out nothing but the other tokens' gradients, and with everything trained.
 */

import { groupRelativeAdvantages } from '../../../advantages/index.ts';
import { countTotals, type TrainSequence } from '../../../batches/index.ts';
import { randomIntegers, streamSeed } from '../../../data/index.ts';
import { presets } from '../../../losses/index.ts';
import { trainableParameters } from '../../../models/index.ts';
import { adamW, decayGroups } from '../../../optim/index.ts';
import { FilterStep } from '../../../policy/filter-step.ts';
import {
  type BatchLoss,
  forwardBackward,
  type Learner,
  type Policy,
  resolveSampling,
  update,
} from '../../../policy/index.ts';
import { collectRollouts, makePrompt } from '../../../rollouts/index.ts';
import { Generator, tensor } from '../../../tensor/index.ts';
import { toSequences } from '../../../trainers/policy-gradient-batch.ts';
import type { Json } from '../../runner/cell.ts';
import type { CellContext } from '../../runner/reproduction.ts';
import { SparseAdam } from '../sparse-adam.ts';
import { drawProblems } from '../tasks/chain-task.ts';
import type { Regime } from './arms.ts';
import { compareMoments, describeStep } from './foretold.ts';
import { MeasuringFilter, tokenDistributions } from './measuring-filter.ts';
import type { TaskSettings } from './settings.ts';
import { loadStart, rowOf, streams, taskOf } from './start.ts';
import { freezeTrunk } from './train-arm.ts';

/** What is trained, at which rate and batch. */
export interface ControlledCase {
  readonly trains: 'head' | 'all';
  readonly regime: Regime;
}

const preset = presets.grpo();
const loss: BatchLoss = (scores, { completionMask, advantages }, totals) =>
  preset.loss({ ...scores, completionMask, advantages: advantages! }, totals);

const scoring = { temperature: 1, logprobDistribution: 'full' } as const;

/** Samples groups and scores them: the sequences of one update. */
async function sampleBatch(
  policy: Policy,
  settings: TaskSettings,
  { prompts, generator }: { prompts: number; generator: Generator },
  random: ReturnType<typeof randomIntegers>,
): Promise<TrainSequence[]> {
  const task = taskOf(settings);
  const problems = drawProblems(task, prompts, random, { heldOut: false });
  const asked = problems.map((problem, index) =>
    makePrompt(rowOf(problem, index), policy.tokenizer),
  );
  const groups = await collectRollouts(policy, asked, {
    groupSize: settings.practice.groupSize,
    sampling: resolveSampling({ maxCompletionLength: task.maxCompletionLength }),
    generator,
  });
  const rewards = groups.map(({ rollouts }, p) =>
    rollouts.map(({ text }) => task.check(text, problems[p]!.columns)),
  );
  const advantages = groupRelativeAdvantages(rewards, { scaling: 'group' });
  return toSequences(groups, { advantages, references: undefined, maskTruncated: false });
}

/** The gradient of a batch without the tokens that a mask leaves out, all parameters in one list. */
export function gradientOf(
  learner: Learner,
  sequences: readonly TrainSequence[],
  accepted: readonly number[],
): number[] {
  const filter = {
    needs: {},
    accept: () => tensor([...accepted], { dtype: 'float32' }),
    endStep: () => ({}),
    cancelStep() {},
    state: () => ({}),
    load() {},
  };
  forwardBackward(learner.policy, sequences, {
    ...scoring,
    loss,
    totals: countTotals(sequences),
    filterStep: new FilterStep({ filter, learningRate: 0, headMoments: undefined }),
  });
  const gradient = [...learner.optimizer.parameters.values()].flatMap(
    ({ grad }) => grad?.toArray() ?? [],
  );
  learner.optimizer.zeroGradients();
  return gradient;
}

/** Follows updates in one case and describes some of them. */
export async function computeControlled(
  { trains, regime }: ControlledCase,
  settings: TaskSettings,
  { seed, start, context }: { seed: number; start: string; context: CellContext },
): Promise<Json> {
  const policy = loadStart(start, taskOf(settings));
  if (trains === 'head') freezeTrunk(policy);
  const optimizer = adamW(decayGroups(trainableParameters(policy.model), 0));
  const learner = { policy, optimizer, maxGradNorm: 1 };
  const { completionsPerStep, learningRate: peak } = settings.regimes[regime];
  const { groupSize, controlled, completions } = settings.practice;
  // As in the arms, the rate rises over a tenth of a run.
  const warmupSteps = Math.ceil((0.1 * completions) / completionsPerStep);
  const random = randomIntegers(streamSeed(seed, streams.practice));
  const batch = { prompts: completionsPerStep / groupSize, generator: new Generator(seed) };
  const stepModel = new SparseAdam({ vocabSize: policy.model.config.vocabSize });
  const filter = new MeasuringFilter(stepModel, policy.model.config.vocabSize);
  const steps: Json[] = [];
  for (let step = 0; step < controlled.steps[regime]; step++) {
    context.report(`step ${step}`);
    const learningRate = peak * Math.min(1, step / warmupSteps);
    const sequences = await sampleBatch(policy, settings, batch, random);
    const isMeasured = step > 0 && step % controlled.every[regime] === 0;
    const before = isMeasured ? tokenDistributions(policy, sequences) : undefined;
    const gradient = (accepted: readonly number[]) => gradientOf(learner, sequences, accepted);
    await update(learner, [sequences], {
      ...scoring,
      loss,
      learningRate,
      tokenFilter: filter,
      dividesByTokens: preset.dividesByTokens,
    });
    if (before === undefined) continue;
    const after = tokenDistributions(policy, sequences);
    steps.push({
      step,
      moments: compareMoments(stepModel, optimizer),
      ...describeStep(filter.tokens, { before, after, learningRate, gradient }),
    });
  }
  return { steps } as Json;
}
