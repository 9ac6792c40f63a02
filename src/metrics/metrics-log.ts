import { nearestName } from '../config/index.ts';
import { ConfigError } from '../errors.ts';
import { fixedMetrics, type MetricKey, type Metrics, metricDefinition } from './keys.ts';
import type { MetricsSink, Progress } from './metrics-sink.ts';

/** Values gathered since the last line, as a checkpoint keeps them. */
export interface MetricsLogState {
  /** By key: sum and count of finite values, and the last value. */
  readonly pending: Readonly<
    Record<string, readonly [sum: number, count: number, last: number | null]>
  >;
  /** Step of the last line written; 0 before the first. Checkpoints of early versions have none. */
  readonly lastStep?: number;
}

/** When to write lines, and where. */
export interface MetricsLogOptions {
  sinks: readonly MetricsSink[];
  /** Steps averaged into one line. */
  loggingSteps?: number;
  loggingFirstStep?: boolean;
  /** Seconds since 1970. */
  now?: () => number;
}

/**
 * Gathers metrics step by step and writes a line every `loggingSteps`, as Hugging Face's Trainer does:
 * the mean of the finite values since the last line, or the last value where the key table says so;
 * null where no value was finite.
 */
export class MetricsLog {
  private readonly sinks: readonly MetricsSink[];
  private readonly loggingSteps: number;
  private readonly loggingFirstStep: boolean;
  private readonly now: () => number;
  private pending = new Map<string, [sum: number, count: number, last: number | null]>();
  private lastStep = 0;

  constructor({
    sinks,
    loggingSteps = 10,
    loggingFirstStep = false,
    now = () => Date.now() / 1000,
  }: MetricsLogOptions) {
    this.sinks = sinks;
    this.loggingSteps = loggingSteps;
    this.loggingFirstStep = loggingFirstStep;
    this.now = now;
  }

  /** Adds values of the current step; any number of times a step. */
  record(metrics: Metrics): void {
    for (const [key, value] of Object.entries(metrics)) {
      if (value === undefined) continue;
      assertKnownMetric(key);
      const entry = this.pending.get(key) ?? [0, 0, null];
      const isNumber = value !== null && Number.isFinite(value);
      this.pending.set(key, [
        entry[0] + (isNumber ? value : 0),
        entry[1] + (isNumber ? 1 : 0),
        isNumber ? value : entry[2],
      ]);
    }
  }

  /**
   * Ends a step; writes a line when one is due.
   * @returns the line's metrics, or undefined when none was due.
   */
  async endStep(
    step: number,
    { flush = false }: { flush?: boolean } = {},
  ): Promise<Metrics | undefined> {
    const isDue = flush || step % this.loggingSteps === 0 || (step === 1 && this.loggingFirstStep);
    if (!isDue || this.pending.size === 0) return undefined;
    const metrics: Record<string, number | null> = {};
    for (const [key, [sum, count, last]] of this.pending) {
      const isLast = metricDefinition(key)?.reduction === 'last';
      metrics[key] = count === 0 ? null : isLast ? last : sum / count;
    }
    this.pending.clear();
    await this.write(step, metrics as Metrics);
    return metrics as Metrics;
  }

  /** Writes a line at once, such as an evaluation's. */
  async write(step: number, metrics: Metrics): Promise<void> {
    for (const key of Object.keys(metrics)) assertKnownMetric(key);
    const entry = { step, time: this.now(), metrics };
    for (const sink of this.sinks) await sink.write(entry);
    this.lastStep = step;
  }

  /** Tells the sinks where the run stands. */
  progress(progress: Progress): void {
    for (const sink of this.sinks) sink.progress?.(progress);
  }

  /** Makes all lines durable; call it before a checkpoint. */
  async sync(): Promise<void> {
    for (const sink of this.sinks) await sink.sync?.();
  }

  /** Closes every sink; the first error of one is thrown when all are. */
  async close(): Promise<void> {
    const closing = this.sinks.map(async (sink) => sink.close?.());
    const failed = (await Promise.allSettled(closing)).find(({ status }) => status === 'rejected');
    if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
  }

  /** What a checkpoint must keep so that a resumed run writes the same lines. */
  state(): MetricsLogState {
    return {
      pending: Object.fromEntries([...this.pending].map(([key, entry]) => [key, [...entry]])),
      lastStep: this.lastStep,
    };
  }

  restore({ pending, lastStep = 0 }: MetricsLogState): void {
    this.lastStep = lastStep;
    this.pending = new Map(
      Object.entries(pending).map(([key, [sum, count, last]]) => [key, [sum, count, last]]),
    );
  }
}

/**
 * Checks a key that the type system could not.
 * @throws ConfigError naming the nearest key.
 */
export function assertKnownMetric(key: string): asserts key is MetricKey {
  if (metricDefinition(key) !== undefined) return;
  const nearest = nearestName(key, Object.keys(fixedMetrics));
  const hint = nearest === undefined ? 'name your own custom/…' : `did you mean ${nearest}?`;
  throw new ConfigError(`metrics: unknown key ${JSON.stringify(key)}; ${hint}`);
}
