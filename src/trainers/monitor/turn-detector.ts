import type { Metrics, TrainMetricKey } from '../../metrics/index.ts';

/** What a monitor measured at one step. */
export interface Observation {
  readonly step: number;
  readonly metrics: Metrics;
}

/** A step after which training likely does harm. */
export interface TurningPoint {
  /** What says so. */
  readonly indicator: string;
  /** The last step before the harm: the best checkpoint is likely here. */
  readonly step: number;
  /** The step at which it was seen. */
  readonly seenAt: number;
  /** A sentence for a person. */
  readonly message: string;
}

/** What a detector makes of one observation more. */
export interface Detection<State> {
  readonly state: State;
  /** Turning points seen now and not before. */
  readonly turns: readonly TurningPoint[];
  /** What it logs. */
  readonly metrics: Readonly<Partial<Record<TrainMetricKey, number | null>>>;
}

/**
 * Reads turning points off a monitor's observations, one after the other and without look-ahead. A state is small, in
 * JSON's terms, and never written to.
 */
export interface TurnDetector<State = unknown> {
  readonly initial: State;
  advance(state: State, observation: Observation): Detection<State>;
  /** Steps that may yet turn out to be turning points, or have: the checkpoint at or before each is kept. */
  candidates(state: State): readonly number[];
}
