import type { Metrics } from './keys.ts';

/** One line of metrics. */
export interface MetricsEntry {
  readonly step: number;
  /** Seconds since 1970. */
  readonly time: number;
  readonly metrics: Metrics;
}

/** Where the run stands between two lines of metrics. */
export interface Progress {
  /** What is being done now: `sampling`, `training`, `evaluating`, `saving`. */
  readonly phase: string;
  readonly step: number;
  readonly totalSteps: number;
}

/** Where metrics go: the console, a file, a tracker. A sink never writes to its arguments. */
export interface MetricsSink {
  write(entry: MetricsEntry): void | Promise<void>;
  /** Shows where the run stands; called often. */
  progress?(progress: Progress): void;
  /** Makes what was written durable; called before a checkpoint. */
  sync?(): void | Promise<void>;
  close?(): void | Promise<void>;
}
