/** What many requests met. */
export interface LoadReport {
  readonly requests: number;
  readonly concurrency: number;
  /** Answers that were no success, and requests without one. */
  readonly failures: number;
  /** Of the first failure. */
  readonly firstFailure: string | null;
  readonly wallSeconds: number;
  readonly requestsPerSecond: number;
  /** Of successes, from sending to the last byte, in ms. */
  readonly latencyMs: { readonly p50: number; readonly p90: number; readonly p99: number };
}

export interface LoadOptions {
  readonly requests: number;
  /** Requests under way at a time. */
  readonly concurrency: number;
  readonly signal?: AbortSignal;
}

/** The value that a share of the sorted values does not exceed; NaN of none. */
export function percentile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

/** Sends requests, `concurrency` at a time: each sender sends its next as soon as its last is answered. */
export async function measureLoad(
  send: (request: number) => Promise<void>,
  { requests, concurrency, signal }: LoadOptions,
): Promise<LoadReport> {
  const latencies: number[] = [];
  const failures: string[] = [];
  let next = 0;
  const sender = async () => {
    while (next < requests && !signal?.aborted) {
      const start = performance.now();
      try {
        await send(next++);
        latencies.push(performance.now() - start);
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
      }
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: concurrency }, sender));
  const wallSeconds = (performance.now() - start) / 1000;
  latencies.sort((a, b) => a - b);
  const [p50, p90, p99] = [0.5, 0.9, 0.99].map((share) => percentile(latencies, share));
  return {
    requests: latencies.length + failures.length,
    concurrency,
    failures: failures.length,
    firstFailure: failures[0] ?? null,
    wallSeconds,
    requestsPerSecond: latencies.length / wallSeconds,
    latencyMs: { p50: p50!, p90: p90!, p99: p99! },
  };
}
