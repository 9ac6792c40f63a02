import type { Metrics } from '../metrics/index.ts';

/** Where a run stands when a callback is called. */
export interface CallbackContext {
  /** Optimiser steps done; 0 before the first. */
  readonly step: number;
  /** The run's folder. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Says what is being done now. */
  readonly phase: (name: string) => void;
  /** Tells the person and the program that watch the run; with an indicator, as what a monitor saw. */
  readonly warn: (message: string, indicator?: string) => void;
}

/** A wish to end the run before its last step. */
export interface StopRequest {
  /** A sentence for the terminal and `run.json`. */
  readonly reason: string;
  /** The run ends with the weights of the checkpoint at this step, or the nearest before; null: those it has. */
  readonly bestStep: number | null;
}

/**
 * Something that any trainer carries along: it looks at what is trained, which it holds itself, between steps, logs
 * metrics of its own, may ask to stop and may hold on to checkpoints. It must leave weights and the trainer's generators
 * as they are.
 */
export interface TrainerCallback {
  /** Under this its state is kept in checkpoints; no two callbacks of a run share it. */
  readonly name: string;
  /**
   * Whether it wants to run after this step; 0: before the first. Asked again where a run is resumed at a step, so that
   * one that was interrupted before it ran is made up for, and one that had run does not again.
   */
  isDue(step: number, totalSteps: number): boolean;
  /** @returns metrics, logged as a line of this step. */
  run(context: CallbackContext): Promise<Metrics>;
  /** What it goes on from, in JSON's terms; kept in every checkpoint. */
  state?(): unknown;
  /** Takes up a kept state. `warn` tells where it does not fit what the callback is now. */
  restore?(state: unknown, warn: (message: string) => void): void;
  /** Asked after each step and where a run is resumed. */
  stopRequest?(): StopRequest | undefined;
  /** Of the steps that have a checkpoint, oldest first, those that `save_total_limit` must not remove. */
  keeps?(saved: readonly number[]): readonly number[];
}
