import type { Metrics } from '../metrics/index.ts';
import type { Optimizer, ScheduleName } from '../optim/index.ts';
import type { Trainee } from '../policy/index.ts';
import type { StepArithmetic } from './config/index.ts';
import type { SessionOptions } from './run-session.ts';

/** The options every training loop reads. */
export interface LoopOptions extends SessionOptions {
  readonly learningRate: number;
  readonly lrSchedulerType: ScheduleName;
  readonly maxNonfiniteSteps: number;
  readonly evalStrategy: 'no' | 'steps' | 'epoch';
  readonly evalOnStart: boolean;
  readonly saveStrategy: 'steps' | 'epoch' | 'best' | 'no';
  readonly saveTotalLimit: number | null;
  readonly loadBestModelAtEnd: boolean;
  readonly metricForBestModel: string | null;
  readonly greaterIsBetter: boolean | null;
  readonly earlyStoppingPatience: number | null;
}

export interface StepContext {
  /** Number of this step, counted from 1. */
  readonly step: number;
  readonly learningRate: number;
  readonly signal: AbortSignal;
  /** The run's folder. */
  readonly folder: string;
  /** Says what is being done now. */
  readonly phase: (name: string) => void;
  /** Tells the person and the program that watch the run. */
  readonly warn: (message: string) => void;
}

export interface StepOutcome {
  readonly metrics: Metrics;
  /** Tokens this step read or drew. */
  readonly tokens: number;
  /** Passes over the rows so far. */
  readonly epoch: number;
  /** What was not finite; the weights are then unchanged. */
  readonly nonFinite?: string | undefined;
}

/** What is trained where that is no language model: it knows how its weights are kept. */
export interface OwnKeeper {
  /** Where it computes. */
  readonly device: string;
  /** The folder that its weights were read from; undefined where they were not. */
  readonly source?: string | undefined;
  save(folder: string): void;
  /** Copies saved weights in, in place. @throws CheckpointError when they do not fit. */
  restore(folder: string): void;
}

/** What the loop saves and restores. */
export interface LoopLearner {
  readonly policy: Trainee | OwnKeeper;
  readonly optimizer: Optimizer;
}

/** What one kind of training does; the loop around it is the same for all. */
export interface TrainingTask {
  readonly learner: LoopLearner;
  /** Changes when any row it trains on does. */
  readonly rows: string;
  step(context: StepContext): Promise<StepOutcome>;
  /** Measures held-out rows; keys without the `eval_` prefix. */
  evaluate?(context: Omit<StepContext, 'learningRate'>): Promise<Metrics>;
  /** Where the task stands between two steps: small, and in JSON's terms. */
  position(): Readonly<Record<string, unknown>>;
  restore(position: Readonly<Record<string, unknown>>, checkpoint: string): void;
  /** Further files of a checkpoint. */
  writeFiles?(folder: string): void;
}

export interface LoopStart {
  readonly trainer: string;
  readonly configYaml: string;
  readonly arithmetic: StepArithmetic;
}
