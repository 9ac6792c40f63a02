import { createContext, Script } from 'node:vm';

/** How one call of a reward ended. */
export type CallOutcome =
  | { readonly returned: unknown }
  | { readonly missing: 'threw' | 'timeout'; readonly message: string };

export interface CallOptions {
  readonly timeoutMs: number;
  /** Ends the wait early, as a timeout does. */
  readonly signal: AbortSignal;
}

const invoke = new Script('call()', { filename: 'reward-call' });
/** Shared by all calls, since a context takes a millisecond to make; it holds a function only while that starts. */
const sandbox: { call?: () => unknown } = {};
createContext(sandbox);

/**
 * Calls a function that may hang, throw, or return a promise that never settles; never rejects itself.
 * - A synchronous loop is interrupted by a `node:vm` timeout.
 * - A promise loses a race against what is left of the time, and its signal is aborted.
 * - A loop that starts after the function's first `await` can't be interrupted within the process.
 */
export async function callWithin(
  call: (signal: AbortSignal) => unknown,
  { timeoutMs, signal }: CallOptions,
): Promise<CallOutcome> {
  const controller = new AbortController();
  const deadline = performance.now() + timeoutMs;
  try {
    const returned = runInterruptibly(() => call(controller.signal), timeoutMs);
    if (!isThenable(returned)) return { returned };
    return await settleBefore(returned, deadline - performance.now(), timeoutMs, signal);
  } catch (error) {
    if (isInterruption(error)) return timedOut(timeoutMs);
    return { missing: 'threw', message: describeError(error) };
  } finally {
    controller.abort();
  }
}

/** A short text for whatever was thrown: name and message, without the stack. */
export function describeError(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : safeString(error);
  return text.length > 500 ? `${text.slice(0, 500)}…` : text;
}

function runInterruptibly(call: () => unknown, timeoutMs: number): unknown {
  sandbox.call = () => {
    delete sandbox.call;
    return call();
  };
  return invoke.runInContext(sandbox, { timeout: Math.max(1, Math.ceil(timeoutMs)) });
}

async function settleBefore(
  promise: PromiseLike<unknown>,
  remainingMs: number,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<CallOutcome> {
  let stop = () => {};
  const ended = new Promise<CallOutcome>((resolve) => {
    const timer = setTimeout(() => resolve(timedOut(timeoutMs)), Math.max(0, remainingMs));
    const onAbort = () => resolve({ missing: 'timeout', message: 'the run was stopped' });
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    stop = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
  });
  try {
    return await Promise.race([ended, Promise.resolve(promise).then((returned) => ({ returned }))]);
  } finally {
    stop();
  }
}

function timedOut(timeoutMs: number): CallOutcome {
  return { missing: 'timeout', message: `no value after ${timeoutMs} ms` };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

function isInterruption(error: unknown): boolean {
  return (error as { code?: unknown } | null | undefined)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}

function safeString(value: unknown): string {
  try {
    return String(value);
  } catch {
    return `a thrown ${typeof value} that can't be shown`;
  }
}
