import { basename, resolve } from 'node:path';
import {
  bestMetricRule,
  type Checkpoint,
  listCheckpoints,
  readTrainerState,
  saveCheckpoint,
  updateBest,
} from '../checkpoints/index.ts';
import { CheckpointError, EngineError } from '../errors.ts';
import type { Metrics } from '../metrics/index.ts';
import { type Schedule, schedules } from '../optim/index.ts';
import { liveTensors, phase, traced } from '../tensor/index.ts';
import { Callbacks } from './callbacks.ts';
import { describeEvaluation } from './describe-evaluation.ts';
import { deviceOf } from './learner-device.ts';
import { patienceLost } from './patience.ts';
import { findResumed, openSession, type RunSession } from './run-session.ts';
import type { StopRequest } from './trainer-callback.ts';
import type { TrainerHooks, TrainResult } from './trainer-events.ts';
import { atStart, type Progress, type SavedState } from './training-progress.ts';
import { restoreTrainingState, restoreWeights, writeTrainingState } from './training-state.ts';
import type { LoopOptions, LoopStart, StepOutcome, TrainingTask } from './training-task.ts';

interface Resumed {
  readonly checkpoint: Checkpoint;
  readonly state: SavedState;
}

/** Runs a task to its last step, or until it is interrupted: schedule, logging, evaluation, checkpoints, resume. */
export async function runTraining(
  task: TrainingTask,
  options: LoopOptions,
  start: LoopStart,
  hooks: TrainerHooks,
): Promise<TrainResult> {
  const { totalSteps, loggingSteps } = start.arithmetic;
  // A checkpoint that does not fit is found out before its run's folder is touched.
  const checkpoint = await findResumed(options);
  const resumed = checkpoint && takeUp(task, checkpoint, start.trainer);
  const { source } = task.learner.policy;
  const origin = { ...(source !== undefined && { parent: resolve(source) }), ...hooks.origin };
  const device = deviceOf(task.learner);
  const opening = { ...start, totalSteps, loggingSteps, checkpoint, device, origin };
  const session = openSession(options, opening, hooks);
  return new TrainingLoop(task, options, start, hooks, session).run(resumed);
}

/** Puts the task where a checkpoint stands. @throws CheckpointError when it is another trainer's or another model's. */
function takeUp(task: TrainingTask, checkpoint: Checkpoint, trainer: string): Resumed {
  const { laurel } = readTrainerState(checkpoint.path);
  const state = laurel as unknown as SavedState;
  if (state.trainer !== trainer) {
    throw new CheckpointError(
      `${checkpoint.path}: was saved by ${state.trainer}, and ${trainer} cannot resume it; give it as model_name_or_path to start from its weights`,
    );
  }
  restoreTrainingState(task.learner, checkpoint);
  task.restore(state.position, checkpoint.path);
  return { checkpoint, state };
}

class TrainingLoop {
  readonly #task: TrainingTask;
  readonly #options: LoopOptions;
  readonly #start: LoopStart;
  readonly #hooks: TrainerHooks;
  readonly #session: RunSession;
  readonly #schedule: Schedule;
  readonly #signal: AbortSignal;
  #progress: Progress = atStart;
  /** Everything that advances, as it stood after the last whole step: what a checkpoint holds. */
  #saved: SavedState | undefined;
  #lastCheckpoint: string | null = null;
  #lastMetrics: Metrics = {};
  readonly #callbacks: Callbacks;
  /** Step of the earlier checkpoint whose weights the run ended with. */
  #bestStep: number | undefined;

  constructor(
    task: TrainingTask,
    options: LoopOptions,
    start: LoopStart,
    hooks: TrainerHooks,
    session: RunSession,
  ) {
    this.#task = task;
    this.#options = options;
    this.#start = start;
    this.#hooks = hooks;
    this.#session = session;
    this.#callbacks = new Callbacks(hooks.callbacks ?? []);
    this.#signal = hooks.signal ?? new AbortController().signal;
    const { totalSteps, warmupSteps } = start.arithmetic;
    this.#schedule = schedules[options.lrSchedulerType]({ totalSteps, warmupSteps });
  }

  async run(resumed: Resumed | undefined): Promise<TrainResult> {
    const { log } = this.#session;
    try {
      const result = await this.#run(resumed);
      await log.close();
      return result;
    } catch (error) {
      // What ended the run says more than a second error of closing its files would.
      await log.close().catch(() => {});
      throw error;
    }
  }

  async #run(resumed: Resumed | undefined): Promise<TrainResult> {
    const { run } = this.#session;
    try {
      this.#resume(resumed);
      const { totalSteps } = this.#start.arithmetic;
      this.#hooks.onEvent?.({
        type: 'run-start',
        folder: run.folder,
        fromStep: this.#progress.step,
        totalSteps,
      });
      await this.#steps(totalSteps);
      await this.#finish();
      return this.#end('finished');
    } catch (error) {
      if (this.#signal.aborted) return await this.#interrupt(error);
      const reason = error instanceof Error ? error.message : String(error);
      this.#session.end('failed', { lastStep: this.#progress.step, reason });
      throw error;
    }
  }

  #resume(resumed: Resumed | undefined): void {
    for (const message of this.#session.resumeWarnings) this.#session.warn(message);
    if (resumed !== undefined) {
      const { checkpoint, state } = resumed;
      if (state.rows !== this.#task.rows) {
        const message = `the training rows are not those that ${checkpoint.path} was trained on; the place in them is kept`;
        this.#session.warn(message);
      }
      this.#progress = { ...atStart, ...state.progress };
      this.#session.log.restore(state.metrics);
      this.#callbacks.restore(state.callbacks ?? {}, this.#session.warn);
      this.#lastCheckpoint = checkpoint.path;
    }
    this.#remember();
  }

  #remember(): void {
    this.#saved = {
      trainer: this.#start.trainer,
      rows: this.#task.rows,
      progress: { ...this.#progress },
      position: this.#task.position(),
      metrics: this.#session.log.state(),
      callbacks: this.#callbacks.state(),
    };
  }

  async #steps(totalSteps: number): Promise<void> {
    const { evalOnStart, evalStrategy } = this.#options;
    const fresh = this.#progress.step === 0;
    if (fresh && evalOnStart && evalStrategy !== 'no') await this.#evaluate();
    if (fresh) await this.#callBack();
    // An interruption may have come between a step and what follows it.
    else if (this.#isEvaluationDue() || this.#isCallbackDue()) await this.#afterStep();
    while (this.#progress.step < totalSteps && this.#stopRequest() === undefined) {
      this.#signal.throwIfAborted();
      await traced('step', `step ${this.#progress.step + 1}`, () => this.#step());
      await this.#afterStep();
    }
  }

  async #afterStep(): Promise<void> {
    const isBest = this.#isEvaluationDue()
      ? await phase('evaluation', () => this.#evaluate())
      : false;
    if (this.#isCallbackDue()) await phase('callbacks', () => this.#callBack());
    if (this.#isSaveDue(isBest)) await phase('checkpoint', () => this.#save());
  }

  #isEvaluationDue(): boolean {
    const { step, evaluatedStep } = this.#progress;
    return evaluatedStep !== step && this.#isDue('eval', step);
  }

  #isCallbackDue(): boolean {
    return this.#callbacks.isDue(this.#progress.step, this.#start.arithmetic.totalSteps);
  }

  async #callBack(): Promise<void> {
    const { step } = this.#progress;
    const context = { ...this.#context(), step };
    const { totalSteps } = this.#start.arithmetic;
    await this.#callbacks.run(context, totalSteps, async ({ name, metrics }) => {
      await this.#session.log.write(step, metrics);
      this.#hooks.onEvent?.({ type: 'callback-end', step, name, metrics });
      this.#lastMetrics = { ...this.#lastMetrics, ...metrics };
      this.#remember();
    });
  }

  #context() {
    const { totalSteps } = this.#start.arithmetic;
    const step = this.#progress.step + 1;
    return {
      step,
      signal: this.#signal,
      folder: this.#session.run.folder,
      phase: (name: string) =>
        this.#session.log.progress({ phase: name, step: step - 1, totalSteps }),
      warn: this.#session.warn,
    };
  }

  async #step(): Promise<void> {
    const startedAt = performance.now();
    const context = this.#context();
    const learningRate = this.#options.learningRate * this.#schedule(this.#progress.step);
    this.#session.journal.step = context.step;
    this.#hooks.onEvent?.({ type: 'step-start', step: context.step });
    const outcome = await this.#task.step({ ...context, learningRate });
    this.#advance(outcome);
    const seconds = (performance.now() - startedAt) / 1000;
    const metrics: Metrics = {
      ...outcome.metrics,
      learning_rate: learningRate,
      epoch: outcome.epoch,
      num_tokens: this.#progress.tokens,
      step_time: seconds,
      tokens_per_second: outcome.tokens / seconds,
      nonfinite_steps: this.#progress.nonFiniteSteps,
      'engine/live_tensors': liveTensors(),
    };
    const line = await phase('metrics', () => this.#log(context.step, metrics));
    if (line !== undefined) this.#lastMetrics = line;
    phase('metrics', () => this.#remember());
    this.#hooks.onEvent?.({ type: 'step-end', step: context.step, metrics });
    await this.#checkFinite(outcome);
  }

  #log(step: number, metrics: Metrics): Promise<Metrics | undefined> {
    this.#session.log.record(metrics);
    const flush = step === this.#start.arithmetic.totalSteps;
    return this.#session.log.endStep(step, { flush });
  }

  #advance({ tokens, epoch, nonFinite }: StepOutcome): void {
    const { step, nonFiniteSteps, nonFiniteInARow } = this.#progress;
    const broken = nonFinite === undefined ? 0 : 1;
    this.#progress = {
      ...this.#progress,
      step: step + 1,
      tokens: this.#progress.tokens + tokens,
      epoch,
      nonFiniteSteps: nonFiniteSteps + broken,
      nonFiniteInARow: broken === 0 ? 0 : nonFiniteInARow + 1,
    };
  }

  async #checkFinite({ nonFinite }: StepOutcome): Promise<void> {
    if (nonFinite === undefined) return;
    const { step, nonFiniteInARow } = this.#progress;
    const message = `step ${step} was skipped: ${nonFinite}`;
    this.#session.warn(message);
    if (nonFiniteInARow < this.#options.maxNonfiniteSteps) return;
    const folder = await this.#save();
    throw new EngineError(
      'train',
      `${nonFiniteInARow} steps in a row had a non-finite loss or gradient (${message}). ` +
        `The state is saved in ${folder}. Lower learning_rate or max_grad_norm, look at the rewards, and resume from an earlier checkpoint.`,
    );
  }

  #isDue(what: 'eval' | 'save', step: number): boolean {
    const { evalSteps, saveSteps, stepsPerEpoch, totalSteps } = this.#start.arithmetic;
    const strategy = what === 'eval' ? this.#options.evalStrategy : this.#options.saveStrategy;
    // An epoch cut short by the last step ends there, as Transformers' does.
    if (strategy === 'epoch') return step % stepsPerEpoch === 0 || step === totalSteps;
    return strategy === 'steps' && step % (what === 'eval' ? evalSteps : saveSteps) === 0;
  }

  #isSaveDue(isBest: boolean): boolean {
    const { saveStrategy, loadBestModelAtEnd } = this.#options;
    const { step } = this.#progress;
    if (saveStrategy === 'no') return false;
    if (saveStrategy === 'best' || (isBest && loadBestModelAtEnd)) return isBest;
    const isLast = step === this.#start.arithmetic.totalSteps || this.#stopRequest() !== undefined;
    return isLast || this.#isDue('save', step);
  }

  /** @returns whether this is the best evaluation so far; one before the first step does not count. */
  async #evaluate(): Promise<boolean> {
    if (this.#task.evaluate === undefined) return false;
    const { step } = this.#progress;
    const context = { ...this.#context(), step };
    context.phase('evaluating');
    const found = await this.#task.evaluate(context);
    const metrics = Object.fromEntries(
      Object.entries(found).map(([key, value]) => [`eval_${key}`, value]),
    ) as Metrics;
    await this.#session.log.write(step, metrics);
    this.#session.journal.note('evaluation', '', describeEvaluation(metrics));
    this.#hooks.onEvent?.({ type: 'evaluation-end', step, metrics });
    this.#lastMetrics = { ...this.#lastMetrics, ...metrics };
    const rule = step === 0 ? undefined : bestMetricRule(this.#options);
    const { best: before } = this.#progress;
    const best = rule === undefined ? before : updateBest(before, rule, { step, metrics });
    const evaluationsSinceBest =
      rule === undefined || best.step === step ? 0 : this.#progress.evaluationsSinceBest + 1;
    this.#progress = { ...this.#progress, best, evaluatedStep: step, evaluationsSinceBest };
    this.#remember();
    return best.step === step;
  }

  /** A wish to end early: a callback's, or that of evaluations that have not got better for too long. */
  #stopRequest(): StopRequest | undefined {
    return this.#callbacks.stopRequest() ?? patienceLost(this.#progress, this.#options);
  }

  async #save(): Promise<string> {
    const { log, run } = this.#session;
    const saved = this.#saved!;
    const { progress } = saved;
    await log.sync();
    const state = {
      global_step: progress.step,
      max_steps: this.#start.arithmetic.totalSteps,
      epoch: progress.epoch,
      num_input_tokens_seen: progress.tokens,
      best_metric: progress.best.metric,
      best_global_step: progress.best.step,
      laurel: { ...saved },
    };
    const write = (folder: string) => {
      writeTrainingState(folder, this.#task.learner, state);
      this.#task.writeFiles?.(folder);
    };
    const keeping = {
      keep: this.#options.saveTotalLimit,
      best: progress.best.step,
      alsoKeep: (saved: readonly number[]) => this.#callbacks.keeps(saved),
    };
    const folder = await saveCheckpoint(run.checkpointsFolder, progress.step, write, keeping);
    this.#lastCheckpoint = folder;
    this.#session.journal.note('checkpoint', '', basename(folder), progress.step);
    this.#hooks.onEvent?.({ type: 'checkpoint-end', step: progress.step, folder });
    return folder;
  }

  /** Loads the weights that the run ends with, where they are not those of the last step. */
  async #finish(): Promise<void> {
    const stop = this.#stopRequest();
    const ofEvaluation = this.#options.loadBestModelAtEnd ? this.#progress.best.step : null;
    const wanted = stop?.bestStep ?? ofEvaluation;
    if (wanted === null) return;
    const saved = listCheckpoints(this.#session.run.checkpointsFolder);
    const orBefore = typeof stop?.bestStep === 'number';
    const found = saved.findLast(({ step }) => (orBefore ? step <= wanted : step === wanted));
    if (found === undefined) {
      const message = `no checkpoint of step ${wanted}${orBefore ? ' or before it' : ''} is there; finishing with the weights of the last step`;
      this.#session.warn(message);
      return;
    }
    restoreWeights(this.#task.learner, found.path);
    this.#lastCheckpoint = found.path;
    this.#bestStep = found.step;
  }

  async #interrupt(cause: unknown): Promise<TrainResult> {
    if (cause !== this.#signal.reason) {
      this.#session.warn(`after the interruption came an error: ${String(cause)}`);
    }
    try {
      if (this.#saved !== undefined && this.#saved.progress.step > 0) await this.#save();
    } catch (error) {
      const ending = { lastStep: this.#progress.step, reason: (error as Error).message };
      this.#session.end('failed', ending);
      throw error;
    }
    return this.#end('interrupted');
  }

  #end(outcome: TrainResult['outcome']): TrainResult {
    const { step, best } = this.#progress;
    const stop = outcome === 'finished' ? this.#stopRequest() : undefined;
    const why = stop && { reason: `stopped early: ${stop.reason}` };
    this.#session.end(outcome, { lastStep: step, ...why, bestStep: this.#bestStep });
    this.#hooks.onEvent?.({ type: 'run-end', step, outcome });
    return {
      outcome,
      folder: this.#session.run.folder,
      step,
      checkpoint: this.#lastCheckpoint,
      metrics: this.#lastMetrics,
      bestMetric: best.metric,
      ...(stop && { stop }),
    };
  }
}
