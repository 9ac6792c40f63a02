import { setMaxListeners } from 'node:events';
import type { RolloutGroup } from '../types.ts';
import { startAttempts } from './attempt.ts';
import type { Attempt, AttemptOptions, MissingKind, RewardLike } from './types.ts';
import { toWeighted, type WeightedRewards, weightedTotal } from './weighted.ts';

export interface ScoreOptions {
  /** Time limit of one call of a reward that has none of its own. */
  readonly timeoutMs?: number;
  /** Stops the scoring; `scoreGroups` then rejects with its reason. */
  readonly signal?: AbortSignal;
  /** One weight per reward, as TRL's `reward_weights`; all 1 by default. */
  readonly weights?: readonly number[];
  /** What rewards may ask for with `context.capability(name)`. */
  readonly capabilities?: Readonly<Record<string, unknown>>;
  /** How many groups are being scored at a time. */
  readonly concurrentGroups?: number;
}

/** What went missing from one reward, by reason, with the first message in completion order. */
export interface RewardFailures extends Readonly<Record<MissingKind, number>> {
  readonly name: string;
  readonly firstError?: string;
}

/** The rewards of a batch of P groups of G completions under K rewards. */
export interface GroupScores {
  readonly names: readonly string[];
  readonly weights: readonly number[];
  /** Weighted sums `[P][G]`; null where every reward is missing. */
  readonly totals: readonly (readonly (number | null)[])[];
  /** Each reward's own values `[P][G][K]`; null where missing. */
  readonly values: readonly (readonly (readonly (number | null)[])[])[];
  /** Per reward, in order. */
  readonly failures: readonly RewardFailures[];
  /** Completions that no reward scored; they carry no signal. */
  readonly unscoredCount: number;
  /** Means of what rewards logged with `context.logMetric`. */
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * Scores groups of completions. Missing values are counted by reason and never taken as 0.
 * Calls overlap where they wait, but are started and read in index order, so that timing changes no result.
 * @throws ConfigError for weights that do not fit or rewards of one name; the signal's reason once it is aborted.
 */
export async function scoreGroups(
  groups: readonly RolloutGroup[],
  rewards: RewardLike | readonly RewardLike[] | WeightedRewards,
  {
    timeoutMs = 30_000,
    signal = new AbortController().signal,
    weights: weightsOption,
    capabilities = {},
    concurrentGroups = 16,
  }: ScoreOptions = {},
): Promise<GroupScores> {
  signal.throwIfAborted();
  const set = toWeighted(rewards, weightsOption);
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal.reason);
  setMaxListeners(0, stop.signal);
  signal.addEventListener('abort', onAbort);
  try {
    const options = { timeoutMs, signal: stop.signal, capabilities };
    const attempts = await scoreInOrder(groups, set, concurrentGroups, options);
    signal.throwIfAborted();
    return collect(attempts, set);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Attempts `[P][K][G]`; at most `limit` groups under way, every call begun in index order. */
async function scoreInOrder(
  groups: readonly RolloutGroup[],
  { rewards }: WeightedRewards,
  limit: number,
  options: AttemptOptions,
): Promise<(readonly Attempt[])[][]> {
  const scored: Promise<(readonly Attempt[])[]>[] = [];
  const running = new Set<Promise<void>>();
  for (const group of groups) {
    const started: Promise<readonly Attempt[]>[] = [];
    for (const reward of rewards) {
      const timeoutMs = reward.timeoutMs ?? options.timeoutMs;
      started.push((await startAttempts(reward, group, { ...options, timeoutMs })).done);
    }
    const done = Promise.all(started);
    scored.push(done);
    const finished: Promise<void> = done.then(() => {
      running.delete(finished);
    });
    running.add(finished);
    if (running.size >= limit) await Promise.race(running);
  }
  return Promise.all(scored);
}

function collect(
  attempts: readonly (readonly (readonly Attempt[])[])[],
  { rewards, weights }: WeightedRewards,
): GroupScores {
  const values = attempts.map((group) =>
    (group[0] ?? []).map((_, g) => group.map((row) => (row[g] as Attempt).value)),
  );
  const totals = values.map((group) => group.map((row) => weightedTotal(row, weights)));
  const flat = (k: number) => attempts.flatMap((group) => group[k] as readonly Attempt[]);
  return {
    names: rewards.map(({ name }) => name),
    weights,
    totals,
    values,
    failures: rewards.map(({ name }, k) => countFailures(name, flat(k))),
    unscoredCount: totals.flat().filter((total) => total === null).length,
    metrics: averageMetrics(attempts.flat(2)),
  };
}

function countFailures(name: string, attempts: readonly Attempt[]): RewardFailures {
  const counts: Record<MissingKind, number> = {
    null: 0,
    threw: 0,
    timeout: 0,
    nonfinite: 0,
    crashed: 0,
  };
  for (const { missing } of attempts) if (missing) counts[missing] += 1;
  const firstError = attempts.find(({ message }) => message !== undefined)?.message;
  return { name, ...counts, ...(firstError === undefined ? {} : { firstError }) };
}

function averageMetrics(attempts: readonly Attempt[]): Record<string, number> {
  const sums = new Map<string, { sum: number; count: number }>();
  for (const [name, value] of attempts.flatMap(({ metrics }) => metrics)) {
    const { sum, count } = sums.get(name) ?? { sum: 0, count: 0 };
    sums.set(name, { sum: sum + value, count: count + 1 });
  }
  return Object.fromEntries([...sums].map(([name, { sum, count }]) => [name, sum / count]));
}
