import { setImmediate } from 'node:timers/promises';
import { ConfigError } from '../errors.ts';
import type { RolloutGroup } from '../types.ts';
import { type CallOutcome, callWithin, startCalls } from './call.ts';
import { completionContext } from './lift.ts';
import type { Attempt, AttemptOptions, Reward, RewardContext } from './types.ts';

/** A synchronous call longer than this is followed by a turn of the event loop, so that Ctrl-C arrives. */
const LONG_CALL_MS = 20;

/** Attempts that have been started; `done` never rejects. */
export interface StartedAttempts {
  readonly done: Promise<readonly Attempt[]>;
}

/**
 * Starts scoring one group with one reward and resolves once every call has begun, so that a caller who awaits this
 * before starting the next keeps all calls in one order whatever they take.
 * A reward that scores one by one fails one by one; one that scores the group fails for the group.
 */
export async function startAttempts(
  reward: Reward,
  group: RolloutGroup,
  options: AttemptOptions,
): Promise<StartedAttempts> {
  if (reward.attempt) return { done: reward.attempt(group, options) };
  const indexes = options.indexes ?? group.rollouts.map((_, index) => index);
  const started = performance.now();
  if (reward.scoreCompletion === undefined) {
    const done = attemptGroup(reward, group, indexes, options);
    await yieldAfterLongCall(started);
    return { done };
  }
  const pending: Promise<Attempt>[] = [];
  while (pending.length < indexes.length) {
    const sliceStarted = performance.now();
    pending.push(...startCompletions(reward, group, indexes.slice(pending.length), options));
    await yieldAfterLongCall(sliceStarted);
  }
  return { done: Promise.all(pending) };
}

/** Scores one group with one reward, keeping every failure to the completions it concerns; never rejects. */
export async function attemptReward(
  reward: Reward,
  group: RolloutGroup,
  options: AttemptOptions,
): Promise<readonly Attempt[]> {
  return (await startAttempts(reward, group, options)).done;
}

async function yieldAfterLongCall(started: number): Promise<void> {
  if (performance.now() - started > LONG_CALL_MS) await setImmediate();
}

/** Starts as many completions as fit into a slice of time, in order; at least one. */
function startCompletions(
  reward: Reward,
  group: RolloutGroup,
  indexes: readonly number[],
  options: AttemptOptions,
): Promise<Attempt>[] {
  if (options.signal.aborted) return indexes.map(() => Promise.resolve(stopped));
  const logs = indexes.map(() => new MetricLog());
  const calls = indexes.map((index, i) => (signal: AbortSignal) => {
    const context = completionContext(group, index, contextOf(group, signal, logs[i]!, options));
    return reward.scoreCompletion?.(context.completions[index] as string, context.columns, context);
  });
  return startCalls(calls, options).map(async (outcome, i) =>
    toAttempt(await outcome, logs[i]!.close()),
  );
}

async function attemptGroup(
  reward: Reward,
  group: RolloutGroup,
  indexes: readonly number[],
  options: AttemptOptions,
): Promise<Attempt[]> {
  if (options.signal.aborted) return indexes.map(() => stopped);
  const log = new MetricLog();
  const outcome = await callWithin(
    (signal) => reward.score(group, contextOf(group, signal, log, options)),
    options,
  );
  const metrics = log.close();
  const size = group.rollouts.length;
  return indexes.map((index, i) =>
    toAttempt(pickFrom(outcome, index, size), i === 0 ? metrics : []),
  );
}

const stopped: Attempt = {
  value: null,
  missing: 'timeout',
  message: 'the run was stopped',
  metrics: [],
};

function pickFrom(outcome: CallOutcome, index: number, size: number): CallOutcome {
  if (!('returned' in outcome)) return outcome;
  const { returned } = outcome;
  if (Array.isArray(returned) && returned.length === size) return { returned: returned[index] };
  const found = Array.isArray(returned) ? `${returned.length} values` : describeValue(returned);
  return {
    missing: 'threw',
    message: `a group reward must return one value per completion: expected ${size} values, found ${found}`,
  };
}

function toAttempt(outcome: CallOutcome, metrics: Attempt['metrics']): Attempt {
  if (!('returned' in outcome)) return { value: null, ...outcome, metrics };
  const { returned } = outcome;
  if (returned === null) return { value: null, missing: 'null', metrics };
  if (typeof returned === 'number' && Number.isFinite(returned))
    return { value: returned, metrics };
  const message = `expected a finite number or null, found ${describeValue(returned)}`;
  return { value: null, missing: 'nonfinite', message, metrics };
}

function describeValue(value: unknown): string {
  if (typeof value === 'number' || value === undefined || value === null) return String(value);
  return `a ${typeof value}`;
}

/** One line of at most 100 characters, whatever it is that a reward calls its metric. */
const toKey = (name: unknown): string =>
  String(name).slice(0, 100).replace(/\s+/g, ' ').trim() || 'unnamed';

class MetricLog {
  #entries: [string, number][] | undefined = [];

  /** Keeps a value; after the call has ended, and past 1,000 values, they are dropped. */
  add(name: string, value: number): void {
    if (this.#entries && this.#entries.length < 1000) this.#entries.push([toKey(name), +value]);
  }

  close(): [string, number][] {
    const entries = this.#entries ?? [];
    this.#entries = undefined;
    return entries;
  }
}

function contextOf(
  group: RolloutGroup,
  signal: AbortSignal,
  log: MetricLog,
  { capabilities }: AttemptOptions,
): RewardContext {
  return {
    prompt: group.prompt.text,
    completions: group.rollouts.map((rollout) => rollout.text),
    tokens: group.rollouts.map((rollout) => rollout.tokens),
    columns: group.prompt.example.columns,
    signal,
    logMetric: (name, value) => log.add(name, value),
    capability: <T>(name: string) => {
      if (Object.hasOwn(capabilities, name)) return capabilities[name] as T;
      const available = Object.keys(capabilities).join(', ') || 'none';
      throw new ConfigError(
        `a reward asks for the capability "${name}", which this run does not have (available: ${available})`,
      );
    },
  };
}
