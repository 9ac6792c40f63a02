import { join } from 'node:path';
import { countTotals, packed, type TrainSequence } from '../batches/index.ts';
import { type CursorState, DatasetCursor } from '../data/index.ts';
import type { PolicyPreset } from '../losses/index.ts';
import type { Metrics, TrainMetricKey } from '../metrics/index.ts';
import {
  type BatchLoss,
  type Learner,
  type Policy,
  type ResolvedSampling,
  resolveSampling,
  type TokenFilter,
  update,
} from '../policy/index.ts';
import type { GroupScores, RewardLike } from '../rewards/index.ts';
import { assertGroups, type DrawGroups } from '../rollouts/index.ts';
import { Generator, phase as traced } from '../tensor/index.ts';
import type { Prompt, RolloutGroup } from '../types.ts';
import type { GroupArithmetic, GrpoOptions } from './config/index.ts';
import { evaluateRewards } from './evaluate-rewards.ts';
import {
  describeGeneration,
  type Generated,
  mergeGenerations,
  PhaseClock,
} from './generation-metrics.ts';
import { type PendingBatch, readPendingBatches, writePendingBatches } from './pending-batches.ts';
import {
  estimateAdvantages,
  meanKl,
  penalizeRewards,
  presetOf,
  toSequences,
  wholeSequence,
} from './policy-gradient-batch.ts';
import { RecordKeeper } from './record-keeper.ts';
import { ReferencePolicy } from './reference-policy.ts';
import { rowsFingerprint } from './rows-fingerprint.ts';
import { SamplerAgreement } from './sampler-agreement.ts';
import { scoreSafely } from './score-safely.ts';
import { splitByGroup, splitShuffled } from './split-generation.ts';
import { restoreTokenFilter, saveTokenFilter } from './token-filter-state.ts';
import type { OnTrainerEvent } from './trainer-events.ts';
import type { StepContext, StepOutcome, TrainingTask } from './training-task.ts';

/** Metrics of drawn groups and their rewards [P][G]. */
export type MeasureGroups = (
  groups: readonly RolloutGroup[],
  rewards: readonly (readonly (number | null)[])[],
) => Readonly<Partial<Record<TrainMetricKey, number>>>;

export interface PolicyGradientParts {
  readonly learner: Learner;
  readonly prompts: readonly Prompt[];
  readonly held: readonly Prompt[];
  readonly reward: RewardLike | readonly RewardLike[];
  readonly options: GrpoOptions;
  readonly arithmetic: GroupArithmetic;
  readonly evaluate: ((policy: Policy, signal: AbortSignal) => Promise<Metrics>) | undefined;
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly tokenFilter: TokenFilter | undefined;
  readonly drawGroups: DrawGroups;
  readonly measureGroups: MeasureGroups | undefined;
  readonly onEvent: OnTrainerEvent | undefined;
}

const pendingFile = 'pending.safetensors';

/** One optimiser step of policy-gradient training: sample when nothing is pending, then update. */
export class PolicyGradientTask implements TrainingTask {
  readonly learner: Learner;
  readonly rows: string;
  readonly #parts: PolicyGradientParts;
  readonly #preset: PolicyPreset;
  readonly #sampling: ResolvedSampling;
  readonly #generator: Generator;
  readonly #reference: ReferencePolicy | undefined;
  readonly #records: RecordKeeper;
  #cursor: DatasetCursor;
  #pending: PendingBatch[] = [];
  #generations = 0;
  /** Rewards whose failure has been told. */
  readonly #failing = new Set<string>();

  constructor(parts: PolicyGradientParts) {
    const { learner, options } = parts;
    this.#parts = parts;
    this.learner = learner;
    this.rows = rowsFingerprint(parts.prompts.map(({ tokens }) => tokens));
    this.#preset = presetOf(options);
    this.#sampling = resolveSampling(options);
    this.#generator = new Generator(options.seed);
    this.#reference = options.beta === 0 ? undefined : new ReferencePolicy(learner.policy);
    this.#records = new RecordKeeper(options.tokenRecordRate, options.topEntropyQuantile);
    this.#cursor = this.#cursorAt();
  }

  #cursorAt(state?: CursorState): DatasetCursor {
    const { prompts, options } = this.#parts;
    return new DatasetCursor(prompts.length, {
      seed: options.dataSeed ?? options.seed,
      order: options.shuffleDataset ? 'shuffled' : 'sequential',
      atEpochEnd: 'drop',
      ...(state && { state }),
    });
  }

  /** Whether every completion is trained on by the policy that sampled it, so that all ratios are 1. */
  get #onPolicy(): boolean {
    const { options, arithmetic } = this.#parts;
    const micros = arithmetic.stepsPerGeneration * options.numIterations;
    return options.gradientAccumulationSteps % micros === 0;
  }

  async step(context: StepContext): Promise<StepOutcome> {
    const waiting = [...this.#pending];
    try {
      return await this.#step(context);
    } catch (error) {
      // What waited before a broken step is what its checkpoint says is waiting.
      this.#pending = waiting;
      throw error;
    }
  }

  async #step(context: StepContext): Promise<StepOutcome> {
    const { options, arithmetic } = this.#parts;
    const generated: Generated[] = [];
    const agreement = new SamplerAgreement();
    const taken: PendingBatch[] = [];
    while (taken.length < options.gradientAccumulationSteps) {
      if (this.#pending.length === 0) {
        // The last step of an epoch is short where its micro-batches do not fill it, as Transformers' is.
        const isEpochOver = this.#cursor.remaining < arithmetic.promptsPerGeneration;
        if (taken.length > 0 && isEpochOver) break;
        generated.push(await this.#generate(context));
      }
      taken.push(this.#pending.shift()!);
    }
    context.phase('training');
    const result = await update(
      this.learner,
      taken.map(({ sequences }) => sequences),
      {
        loss: this.#lossAt(context, agreement),
        averageTokens: taken.reduce((sum, { tokenShare }) => sum + tokenShare, 0),
        temperature: options.temperature,
        logprobDistribution: options.logprobDistribution,
        repetitionPenalty: options.repetitionPenalty,
        layout: options.paddingFree ? packed() : undefined,
        gradientCheckpointing: options.gradientCheckpointing,
        dropoutSeed: options.disableDropout ? undefined : options.seed,
        hiddenDropout: options.hiddenDropout,
        entropy: options.entropyCoef > 0 ? 'differentiable' : 'detached',
        learningRate: context.learningRate,
        signal: context.signal,
        tokenFilter: this.#parts.tokenFilter,
        dividesByTokens: this.#preset.dividesByTokens,
      },
    );
    traced('metrics', () => this.#records.writeTokens(context));
    this.#syncReference(context.step);
    return {
      metrics: {
        ...mergeGenerations(generated),
        ...agreement.metrics,
        ...result.metrics,
        ...result.filterMetrics,
        loss: result.loss,
        grad_norm: result.gradNorm,
      },
      tokens: generated.reduce((sum, { tokens }) => sum + tokens, 0),
      epoch: this.#cursor.epochs,
      nonFinite: result.nonFinite,
    };
  }

  /** The preset's loss; the sampler's log-probabilities enter it only where the policy has moved since. */
  #lossAt({ step }: StepContext, agreement: SamplerAgreement): BatchLoss {
    const onPolicy = this.#onPolicy;
    return (scores, batch, totals) => {
      if (onPolicy) agreement.add(scores, batch);
      this.#records.addTokens(step, scores, batch);
      const { completionMask, referenceLogprobs } = batch;
      const oldLogprobs = onPolicy ? undefined : batch.oldLogprobs;
      const advantages = batch.advantages!;
      return this.#preset.loss(
        { ...scores, completionMask, referenceLogprobs, oldLogprobs, advantages },
        totals,
      );
    };
  }

  /** prompts → rollouts → rewards → advantages → micro-batches. */
  async #generate(context: StepContext): Promise<Generated> {
    const { options, arithmetic, onEvent, prompts } = this.#parts;
    const { signal, step, phase } = context;
    const clock = new PhaseClock();
    phase('sampling');
    const asked = this.#cursor.take(arithmetic.promptsPerGeneration).map((row) => prompts[row]!);
    const groups = await traced('rollout', () => this.#sample(asked, context));
    clock.end('time/generation');
    phase('scoring');
    const scores = await traced('reward', () => this.#score(groups, signal));
    clock.end('time/reward');
    this.#warnOfFailures(scores, context);
    onEvent?.({ type: 'rollout-end', step, groups, rewards: scores.totals });
    const references = traced('reference', () => this.#referenceLogprobs(groups));
    const { advantages: recipe, rewardKlCoefficient: coefficient } = this.#preset;
    const rewards = penalizeRewards(scores.totals, groups, { references, coefficient });
    const maskTruncated = options.maskTruncatedCompletions;
    const origin = { step, completion: this.#records.completionCount(step) };
    const advantages = traced('advantages', () => {
      const estimated = estimateAdvantages(rewards, recipe, options.scaleRewards);
      this.#queue(
        toSequences(groups, { advantages: estimated, references, maskTruncated, origin }),
        groups,
      );
      return estimated;
    });
    const generated = traced('metrics', () => {
      this.#records.writeCompletions(context, { groups, scores, advantages });
      const described = describeGeneration(groups, scores, advantages, clock.seconds);
      const measured = this.#parts.measureGroups?.(groups, scores.totals);
      return { ...described, metrics: { ...described.metrics, ...measured } };
    });
    if (coefficient === 0 || references === undefined) return generated;
    return { ...generated, metrics: { ...generated.metrics, kl: meanKl(groups, references) } };
  }

  async #sample(
    prompts: readonly Prompt[],
    { signal, step }: StepContext,
  ): Promise<readonly RolloutGroup[]> {
    const { options, drawGroups } = this.#parts;
    const groupSize = options.numGenerations;
    const sampling = this.#sampling;
    const drawing = { groupSize, sampling, generator: this.#generator, signal, step };
    const groups = await drawGroups(this.learner.policy, prompts, drawing);
    assertGroups(groups, prompts, groupSize);
    return groups;
  }

  #score(groups: readonly RolloutGroup[], signal: AbortSignal): Promise<GroupScores> {
    const { reward, options, capabilities } = this.#parts;
    const { rewardTimeoutMs: timeoutMs, rewardWeights: weights } = options;
    return scoreSafely(groups, reward, {
      timeoutMs,
      signal,
      capabilities,
      ...(weights && { weights }),
    });
  }

  /** Tells the first failure of each reward; `rollout/reward_failures` counts them all. */
  #warnOfFailures({ failures, totals }: GroupScores, { step, warn }: StepContext): void {
    const asked = totals.flat().length;
    for (const { name, threw, timeout, nonfinite, crashed, firstError } of failures) {
      const count = threw + timeout + nonfinite + crashed;
      if (count === 0 || this.#failing.has(name)) continue;
      this.#failing.add(name);
      warn(
        `step ${step}: reward ${name} failed on ${count} of ${asked} completions, which count as missing; the first: ${firstError ?? 'no message'}`,
      );
    }
  }

  #referenceLogprobs(groups: readonly RolloutGroup[]): number[][] | undefined {
    const sequences = groups.flatMap(({ prompt, rollouts }) =>
      rollouts.map((rollout) => wholeSequence(prompt, rollout, 1)),
    );
    const {
      temperature,
      logprobDistribution,
      repetitionPenalty,
      perDeviceTrainBatchSize: batchSize,
      paddingFree,
    } = this.#parts.options;
    const layout = paddingFree ? packed() : undefined;
    const scoring = { temperature, logprobDistribution, repetitionPenalty, batchSize, layout };
    return this.#reference?.score(sequences, scoring);
  }

  /** Splits a generation into micro-batches, once for each pass over it. */
  #queue(sequences: readonly TrainSequence[], groups: readonly RolloutGroup[]): void {
    const { options, arithmetic } = this.#parts;
    const { stepsPerGeneration: pieces } = arithmetic;
    const tokenShare = countTotals(sequences).tokens / pieces;
    const splitting = { pieces, size: options.perDeviceTrainBatchSize };
    const generation = this.#generations++;
    const micros = this.#keepsGroups
      ? splitByGroup(sequences, groups, splitting)
      : splitShuffled(sequences, {
          ...splitting,
          seed: options.seed,
          generation,
          piecesPerStep: this.#looksAcross ? undefined : options.gradientAccumulationSteps,
        });
    for (let pass = 0; pass < options.numIterations; pass++) {
      this.#pending.push(...micros.map((micro) => ({ sequences: micro, tokenShare })));
    }
  }

  /**
   * Whether completions of a prompt stay together, so that it can be read once for them: where all are trained on in one
   * step, or the loss does not look across the sequences of a micro-batch, which then changes nothing.
   */
  get #keepsGroups(): boolean {
    return this.#onPolicy && !this.#looksAcross;
  }

  /** Whether the loss compares the sequences of a micro-batch with one another. */
  get #looksAcross(): boolean {
    return this.#parts.options.topEntropyQuantile !== 1;
  }

  #syncReference(step: number): void {
    const { syncRefModel, refModelSyncSteps, refModelMixupAlpha } = this.#parts.options;
    if (!syncRefModel || step % refModelSyncSteps !== 0) return;
    this.#reference?.moveTowards(this.learner.policy, refModelMixupAlpha);
  }

  async evaluate({ signal, step, folder }: Omit<StepContext, 'learningRate'>): Promise<Metrics> {
    const { held, options, evaluate, reward, capabilities, drawGroups } = this.#parts;
    const startedAt = performance.now();
    const temperature = options.evalTemperature ?? options.temperature;
    const measured = await evaluateRewards(this.learner.policy, held, {
      sampling: { ...this.#sampling, temperature },
      groupSize: options.numGenerationsEval ?? options.numGenerations,
      batchRows: options.perDeviceEvalBatchSize,
      reward,
      options,
      capabilities,
      signal,
      drawGroups,
      onScored: (scored) => this.#records.writeCompletions({ step, folder }, scored, 'eval'),
    });
    const further = await evaluate?.(this.learner.policy, signal);
    return { ...measured, ...further, runtime: (performance.now() - startedAt) / 1000 };
  }

  position(): Readonly<Record<string, unknown>> {
    return {
      cursor: this.#cursor.state(),
      generator: Buffer.from(this.#generator.state).toString('base64'),
      generations: this.#generations,
      pending: this.#pending.length,
    };
  }

  restore(position: Readonly<Record<string, unknown>>, checkpoint: string): void {
    this.#cursor = this.#cursorAt(position['cursor'] as CursorState);
    this.#generator.state = new Uint8Array(Buffer.from(position['generator'] as string, 'base64'));
    this.#generations = position['generations'] as number;
    this.#pending = readPendingBatches(join(checkpoint, pendingFile), position['pending']);
    this.#reference?.restore(checkpoint);
    restoreTokenFilter(this.#parts.tokenFilter, checkpoint);
  }

  writeFiles(folder: string): void {
    writePendingBatches(join(folder, pendingFile), this.#pending);
    this.#reference?.save(folder);
    saveTokenFilter(this.#parts.tokenFilter, folder);
  }
}
