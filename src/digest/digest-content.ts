import type { RunState } from '../runs/store/stored-run.ts';

/** One metric of a run in a few numbers. */
export interface Figure {
  readonly key: string;
  readonly unit: string;
  readonly first: number;
  readonly last: number;
  readonly best: number;
  readonly bestStep: number;
}

/** A curve to draw; at most a few hundred points. */
export interface Curve {
  readonly key: string;
  readonly points: readonly (readonly [step: number, value: number])[];
}

/** A run that ended, as a digest tells of it. */
export interface DigestRun {
  readonly id: number;
  readonly name: string;
  readonly folder: string;
  readonly trainer: string;
  readonly paper: string | null;
  readonly state: Exclude<RunState, 'running'>;
  readonly reason: string | null;
  readonly step: number;
  readonly totalSteps: number | null;
  readonly seed: number;
  readonly endedAt: string;
  readonly trainingSeconds: number | null;
  /** The telling one first. */
  readonly figures: readonly Figure[];
  /** Null where the run logged nothing to draw, or the mail has plots enough. */
  readonly curve: Curve | null;
}

/** Everything a digest says, gathered once: a message that is sent again later says the same. */
export interface DigestContent {
  /** What ended before is not told. */
  readonly since: string;
  readonly createdAt: string;
  /** Machine and folder of the runs. */
  readonly place: string;
  readonly runs: readonly DigestRun[];
}
