import { microBatches, type TrainSequence } from '../batches/index.ts';
import { parseConfig, toYaml } from '../config/index.ts';
import {
  type CursorState,
  DatasetCursor,
  type DatasetCursorOptions,
  lengthGroupedOrder,
} from '../data/index.ts';
import { supervisedLoss } from '../losses/index.ts';
import type { Metrics } from '../metrics/index.ts';
import { trainableParameters } from '../models/index.ts';
import { adamW, decayGroups } from '../optim/index.ts';
import {
  type BatchLoss,
  evaluateLoss,
  type Learner,
  type Policy,
  update,
} from '../policy/index.ts';
import type { PromptOptions } from '../rollouts/index.ts';
import { assertEvaluable } from './assert-evaluable.ts';
import {
  type SftOptions,
  type SftOptionsInput,
  sftOptions,
  supervisedArithmetic,
} from './config/index.ts';
import { rowsFingerprint } from './rows-fingerprint.ts';
import { encodeRows, rowLayout, type SupervisedRow, tokensOf } from './supervised-rows.ts';
import type { SupervisedExample } from './supervised-sequences.ts';
import { type TrainerHooks, type TrainResult, takeHooks } from './trainer-events.ts';
import { runTraining } from './training-loop.ts';
import type { StepContext, StepOutcome, TrainingTask } from './training-task.ts';

/** What the supervised trainer takes: a policy, rows, and the options of `docs/trainers/sft.md` in camelCase. */
export interface SupervisedTraining extends TrainerHooks, SftOptionsInput, PromptOptions {
  readonly policy: Policy;
  readonly examples: readonly SupervisedExample[];
  readonly evalExamples?: readonly SupervisedExample[];
  /** Further held-out measurements, by metric name without `eval_`; accuracy of sampled answers, for instance. */
  readonly evaluate?: (policy: Policy, signal: AbortSignal) => Promise<Metrics>;
}

const crossEntropy: BatchLoss = ({ logprobs, entropy, isArgmax }, { completionMask }, totals) =>
  supervisedLoss({ logprobs, completionMask, entropy, isArgmax }, totals);

const scoring = {
  temperature: 1,
  // Over the tokens that a row says, where it does.
  logprobDistribution: 'sampled',
  entropy: 'detached',
  compareArgmax: true,
} as const;

/**
 * Raises the likelihood of given text.
 * @throws ConfigError, DataError before the first step for options or rows that cannot work.
 */
export async function trainSupervised(training: SupervisedTraining): Promise<TrainResult> {
  const { hooks, rest } = takeHooks(training);
  const { policy, examples, evalExamples = [], evaluate, chatTemplateKwargs = {}, ...input } = rest;
  const options = parseConfig(sftOptions, input);
  const contextLength = policy.model.config.maxPositionEmbeddings;
  const encode = (some: readonly SupervisedExample[], packing: boolean) =>
    encodeRows(some, policy.tokenizer, {
      ...options,
      packing,
      chatTemplateKwargs,
      contextLength,
    });
  const rows = encode(examples, options.packing);
  const held = encode(evalExamples, options.evalPacking ?? options.packing);
  assertEvaluable(options.evalStrategy, held, evaluate);
  const arithmetic = supervisedArithmetic(options, rows.length);
  const optimizer = adamW(decayGroups(trainableParameters(policy.model), options.weightDecay), {
    beta1: options.adamBeta1,
    beta2: options.adamBeta2,
    epsilon: options.adamEpsilon,
  });
  const learner = { policy, optimizer, maxGradNorm: options.maxGradNorm };
  const task = new SupervisedTask({
    learner,
    rows,
    held,
    options,
    evaluate,
  });
  const configYaml = toYaml(options, sftOptions);
  return runTraining(task, options, { trainer: 'sft', configYaml, arithmetic }, hooks);
}

interface TaskParts {
  learner: Learner;
  rows: readonly SupervisedRow[];
  held: readonly SupervisedRow[];
  options: SftOptions;
  evaluate: SupervisedTraining['evaluate'];
}

/** The sequences of each batch of rows. */
const sequencesOf = (batches: readonly (readonly SupervisedRow[])[]): TrainSequence[][] =>
  batches.map((rows) => rows.flat());

function orderOf(
  rows: readonly SupervisedRow[],
  options: SftOptions,
): NonNullable<DatasetCursorOptions['order']> {
  const { trainSamplingStrategy: strategy, perDeviceTrainBatchSize, dataSeed, seed } = options;
  if (strategy !== 'group_by_length') return strategy === 'random' ? 'shuffled' : 'sequential';
  const lengths = rows.map((row) => tokensOf([row]));
  const batchSize = perDeviceTrainBatchSize * options.gradientAccumulationSteps;
  return (epoch) => lengthGroupedOrder(lengths, epoch, { batchSize, seed: dataSeed ?? seed });
}

class SupervisedTask implements TrainingTask {
  readonly learner: Learner;
  readonly rows: string;
  readonly #parts: TaskParts;
  #cursor: DatasetCursor;

  constructor(parts: TaskParts) {
    this.learner = parts.learner;
    this.rows = rowsFingerprint(parts.rows.flat().map(({ tokens }) => tokens));
    this.#parts = parts;
    this.#cursor = this.#cursorAt();
  }

  #cursorAt(state?: CursorState): DatasetCursor {
    const { rows, options } = this.#parts;
    return new DatasetCursor(rows.length, {
      seed: options.dataSeed ?? options.seed,
      order: orderOf(rows, options),
      atEpochEnd: 'short',
      ...(state && { state }),
    });
  }

  async step({ learningRate, signal, phase }: StepContext): Promise<StepOutcome> {
    const { options } = this.#parts;
    const { perDeviceTrainBatchSize: size, gradientAccumulationSteps } = options;
    phase('training');
    const taken = this.#cursor.take(size * gradientAccumulationSteps);
    const rows = taken.map((row) => this.#parts.rows[row]!);
    const result = await update(this.learner, sequencesOf(microBatches(rows, size)), {
      ...scoring,
      layout: rowLayout(options),
      gradientCheckpointing: options.gradientCheckpointing,
      dropoutSeed: options.disableDropout ? undefined : options.seed,
      hiddenDropout: options.hiddenDropout,
      loss: crossEntropy,
      learningRate,
      signal,
    });
    const { num_tokens: _, ...metrics } = result.metrics;
    return {
      metrics: { ...metrics, loss: result.loss, grad_norm: result.gradNorm },
      tokens: tokensOf(rows),
      epoch: this.#cursor.epochs,
      nonFinite: result.nonFinite,
    };
  }

  async evaluate({ signal }: { signal: AbortSignal }): Promise<Metrics> {
    const { held, options, evaluate } = this.#parts;
    const startedAt = performance.now();
    const batches = sequencesOf(microBatches(held, options.perDeviceEvalBatchSize));
    const packing = options.evalPacking ?? options.packing;
    const scored =
      held.length === 0
        ? {}
        : await evaluateLoss(this.learner.policy, batches, {
            ...scoring,
            layout: rowLayout({ ...options, packing }),
            loss: crossEntropy,
            signal,
          });
    const further = await evaluate?.(this.learner.policy, signal);
    return { ...scored, ...further, runtime: (performance.now() - startedAt) / 1000 };
  }

  position(): Readonly<Record<string, unknown>> {
    return { cursor: this.#cursor.state() };
  }

  restore({ cursor }: Readonly<Record<string, unknown>>): void {
    this.#cursor = this.#cursorAt(cursor as CursorState);
  }
}
