import { microBatches, type TrainSequence } from '../batches/index.ts';
import { parseConfig, toYaml } from '../config/index.ts';
import { type CursorState, DatasetCursor } from '../data/index.ts';
import { supervisedLoss } from '../losses/index.ts';
import type { Metrics } from '../metrics/index.ts';
import { parameters } from '../models/index.ts';
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
import { type SupervisedExample, supervisedSequence } from './supervised-sequences.ts';
import type { TrainerHooks, TrainResult } from './trainer-events.ts';
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
  logprobDistribution: 'full',
  entropy: 'detached',
  compareArgmax: true,
} as const;

/**
 * Raises the likelihood of given text.
 * @throws ConfigError, DataError before the first step for options or rows that cannot work.
 */
export async function trainSupervised(training: SupervisedTraining): Promise<TrainResult> {
  const {
    policy,
    examples,
    evalExamples = [],
    evaluate,
    chatTemplateKwargs = {},
    signal,
    onEvent,
    console: stream,
    ...input
  } = training;
  const options = parseConfig(sftOptions, input);
  const encode = (row: SupervisedExample) =>
    supervisedSequence(row, policy.tokenizer, {
      ...options,
      chatTemplateKwargs,
      contextLength: policy.model.config.maxPositionEmbeddings,
    });
  const sequences = examples.map(encode);
  const held = evalExamples.map(encode);
  assertEvaluable(options.evalStrategy, held, evaluate);
  const arithmetic = supervisedArithmetic(options, sequences.length);
  const optimizer = adamW(decayGroups(parameters(policy.model), options.weightDecay), {
    beta1: options.adamBeta1,
    beta2: options.adamBeta2,
    epsilon: options.adamEpsilon,
  });
  const learner = { policy, optimizer, maxGradNorm: options.maxGradNorm };
  const task = new SupervisedTask({
    learner,
    sequences,
    held,
    options,
    evaluate,
  });
  const configYaml = toYaml(options, sftOptions);
  return runTraining(
    task,
    options,
    { trainer: 'sft', configYaml, arithmetic },
    {
      ...(signal && { signal }),
      ...(onEvent && { onEvent }),
      ...(stream !== undefined && { console: stream }),
    },
  );
}

interface TaskParts {
  learner: Learner;
  sequences: readonly TrainSequence[];
  held: readonly TrainSequence[];
  options: SftOptions;
  evaluate: SupervisedTraining['evaluate'];
}

class SupervisedTask implements TrainingTask {
  readonly learner: Learner;
  readonly rows: string;
  readonly #parts: TaskParts;
  #cursor: DatasetCursor;

  constructor(parts: TaskParts) {
    this.learner = parts.learner;
    this.rows = rowsFingerprint(parts.sequences.map(({ tokens }) => tokens));
    this.#parts = parts;
    this.#cursor = this.#cursorAt();
  }

  #cursorAt(state?: CursorState): DatasetCursor {
    const { sequences, options } = this.#parts;
    return new DatasetCursor(sequences.length, {
      seed: options.dataSeed ?? options.seed,
      order: options.trainSamplingStrategy === 'random' ? 'shuffled' : 'sequential',
      atEpochEnd: 'short',
      ...(state && { state }),
    });
  }

  async step({ learningRate, signal, phase }: StepContext): Promise<StepOutcome> {
    const { sequences, options } = this.#parts;
    const { perDeviceTrainBatchSize: size, gradientAccumulationSteps } = options;
    phase('training');
    const rows = this.#cursor.take(size * gradientAccumulationSteps).map((row) => sequences[row]!);
    const result = await update(this.learner, microBatches(rows, size), {
      ...scoring,
      loss: crossEntropy,
      learningRate,
      signal,
    });
    const { num_tokens: _, ...metrics } = result.metrics;
    return {
      metrics: { ...metrics, loss: result.loss, grad_norm: result.gradNorm },
      tokens: rows.reduce((sum, { tokens }) => sum + tokens.length, 0),
      epoch: this.#cursor.epochs,
      nonFinite: result.nonFinite,
    };
  }

  async evaluate({ signal }: { signal: AbortSignal }): Promise<Metrics> {
    const { held, options, evaluate } = this.#parts;
    const startedAt = performance.now();
    const batches = microBatches(held, options.perDeviceEvalBatchSize);
    const scored =
      held.length === 0
        ? {}
        : await evaluateLoss(this.learner.policy, batches, {
            ...scoring,
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
