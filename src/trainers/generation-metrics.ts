import type { Advantages } from '../advantages/index.ts';
import type { Metrics } from '../metrics/index.ts';
import { type GroupScores, summarizeRewards } from '../rewards/index.ts';
import { completionMetrics } from '../rollouts/index.ts';
import type { RolloutGroup } from '../types.ts';

/** What one generation reports. */
export interface Generated {
  readonly metrics: Readonly<Record<string, number>>;
  /** Prompt and completion tokens. */
  readonly tokens: number;
}

/** Measures phases that follow each other, in seconds. */
export class PhaseClock {
  readonly seconds: Record<string, number> = {};
  #last = performance.now();

  /** Books the time since the last call under a name. */
  end(name: string): void {
    const now = performance.now();
    this.seconds[name] = (now - this.#last) / 1000;
    this.#last = now;
  }
}

const isFailure = (kind: string): boolean =>
  kind === 'threw' || kind === 'timeout' || kind === 'nonfinite' || kind === 'crashed';

function failureCount({ failures }: GroupScores): number {
  const counts = failures.flatMap((failure) =>
    Object.entries(failure).filter(([kind]) => isFailure(kind)),
  );
  return counts.reduce((sum, [, count]) => sum + (count as number), 0);
}

/** What rewards logged by `logMetric`, under `custom/` unless they named a group. */
const customMetrics = (metrics: Readonly<Record<string, number>>) =>
  Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => [
      name.startsWith('custom/') ? name : `custom/${name}`,
      value,
    ]),
  );

/** The metrics of one generation: rewards, completions, and how long sampling and scoring took. */
export function describeGeneration(
  groups: readonly RolloutGroup[],
  scores: GroupScores,
  { zeroStdFraction }: Advantages,
  seconds: Readonly<Record<string, number>>,
): Generated {
  const rollouts = groups.flatMap((group) => group.rollouts);
  const completionTokens = rollouts.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const promptTokens = groups.reduce(
    (sum, { prompt, rollouts: { length } }) => sum + prompt.tokens.length * length,
    0,
  );
  const metrics = {
    ...summarizeRewards(scores),
    ...customMetrics(scores.metrics),
    ...completionMetrics(groups),
    ...seconds,
    frac_reward_zero_std: zeroStdFraction,
    'rollout/error_rate': rollouts.length === 0 ? 0 : scores.unscoredCount / rollouts.length,
    'rollout/reward_failures': failureCount(scores),
    'rollout/tokens_per_second': completionTokens / Math.max(seconds['time/generation'] ?? 0, 1e-9),
  };
  return { metrics, tokens: promptTokens + completionTokens };
}

/** The mean of each metric over the generations of one step. */
export function mergeGenerations(generations: readonly Generated[]): Metrics {
  const values = new Map<string, number[]>();
  for (const { metrics } of generations) {
    for (const [key, value] of Object.entries(metrics))
      values.set(key, [...(values.get(key) ?? []), value]);
  }
  const mean = (list: readonly number[]) =>
    list.reduce((sum, value) => sum + value, 0) / list.length;
  return Object.fromEntries([...values].map(([key, list]) => [key, mean(list)])) as Metrics;
}
