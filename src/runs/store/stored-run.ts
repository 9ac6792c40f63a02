/** `interrupted` also where a process vanished without a word; `reason` is `killed` then. */
export type RunState = 'running' | 'interrupted' | 'finished' | 'failed';

/** A run as the store keeps it. */
export interface StoredRun {
  readonly id: number;
  /** The folder that holds it, as a path from where the store was opened. */
  readonly folder: string;
  /** As a person calls it; the folder's own name unless changed. */
  readonly name: string;
  readonly trainer: string;
  readonly state: RunState;
  readonly step: number;
  readonly totalSteps: number | null;
  readonly seed: number;
  /** ISO 8601, as all times of a run. */
  readonly createdAt: string;
  /** When its last line or event came. */
  readonly updatedAt: string;
  /** Null while it runs, and where its process vanished. */
  readonly endedAt: string | null;
  /** Why it ended, where it did not finish. */
  readonly reason: string | null;
  readonly tags: readonly string[];
  readonly notes: string;
  /** The run whose weights this one started from: its name, or its folder where that is below another root. */
  readonly parent: string | null;
  readonly paper: string | null;
  /** The configuration file or script that it was started with. */
  readonly recipe: string | null;
  /** Last value of each metric; null where none was a number. */
  readonly latest: Readonly<Record<string, number | null>>;
}

/** Which runs; all that are given must hold. */
export interface RunFilter {
  readonly state?: RunState;
  readonly trainer?: string;
  readonly tag?: string;
  readonly paper?: string;
  /** Part of the name, letter case aside. */
  readonly name?: string;
}

/** What a person may write on a run. What is left out stays. */
export interface RunAnnotations {
  readonly name?: string;
  readonly notes?: string;
  readonly tags?: readonly string[];
}

/** What the horizontal axis counts. */
export type XAxis = 'step' | 'tokens' | 'completions' | 'time';

/** Which points of a run. */
export interface SeriesRequest {
  readonly keys: readonly string[];
  /**
   * `tokens`: those seen so far (`num_tokens`). `completions`: those trained on so far. `time`: seconds since the run's
   * start, without the pauses between its attempts. Step unless given.
   */
  readonly x?: XAxis;
  /** In the axis' unit, both inclusive. */
  readonly from?: number;
  readonly to?: number;
  /** Most points of each series, at least 3; 600 unless given. */
  readonly maxPoints?: number;
}

/** One metric's points, in order. */
export interface Series {
  readonly key: string;
  readonly x: number[];
  /** Where points were merged, their mean; the first and the last point are never merged. */
  readonly y: number[];
  /** Lowest and highest of each point's bucket, where points were merged. */
  readonly min?: number[];
  readonly max?: number[];
  /** Points in the range before merging. */
  readonly total: number;
}

/** What kinds of things happen to a run. */
export type RunEventKind =
  | 'warning'
  | 'alarm'
  | 'checkpoint'
  | 'evaluation'
  | 'start'
  | 'end'
  | 'monitor';

/** Something that happened to a run. */
export interface RunEvent {
  readonly id: number;
  readonly runId: number;
  readonly step: number;
  /** Seconds since 1970. */
  readonly time: number;
  readonly kind: RunEventKind;
  /** What kind of alarm, say; empty where the kind says it all. */
  readonly name: string;
  readonly message: string;
}

/** A line of metrics as it was logged. */
export interface MetricsLine {
  readonly step: number;
  /** Seconds since 1970. */
  readonly time: number;
  readonly metrics: Readonly<Record<string, number | null>>;
}

/** What changed after a cursor. */
export interface RunChanges {
  readonly cursor: number;
  /** Runs that are new, have new lines, events or annotations, or another state. */
  readonly runIds: readonly number[];
  /** Runs that were deleted. */
  readonly deletedIds: readonly number[];
}
