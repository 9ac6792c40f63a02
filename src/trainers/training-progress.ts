import type { BestSoFar } from '../checkpoints/index.ts';
import type { RunSession } from './run-session.ts';

/** How far a run has come. */
export interface Progress {
  step: number;
  tokens: number;
  epoch: number;
  nonFiniteSteps: number;
  nonFiniteInARow: number;
  best: BestSoFar;
  /** Step of the last evaluation; −1 before any. */
  evaluatedStep: number;
  /** Evaluations since the best one. */
  evaluationsSinceBest: number;
}

/** What a checkpoint holds besides weights and moments. */
export interface SavedState {
  readonly trainer: string;
  readonly rows: string;
  /** Checkpoints of early versions lack the last counts. */
  readonly progress: Progress;
  readonly position: Readonly<Record<string, unknown>>;
  readonly metrics: Parameters<RunSession['log']['restore']>[0];
  /** By name of the callback. Checkpoints of early versions have none. */
  readonly callbacks?: Readonly<Record<string, unknown>>;
}

/** Before the first step. */
export const atStart: Progress = {
  step: 0,
  tokens: 0,
  epoch: 0,
  nonFiniteSteps: 0,
  nonFiniteInARow: 0,
  best: { metric: null, step: null },
  evaluatedStep: -1,
  evaluationsSinceBest: 0,
};
