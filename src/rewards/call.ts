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

/** Synchronous calls share one interruptible run for this long: starting one costs a thread. */
const SLICE_MS = 20;

/** A call on its way; its outcome never rejects. */
type StartedCall = Promise<CallOutcome>;

/**
 * Calls a function that may hang, throw, or return a promise that never settles; never rejects itself.
 * - A synchronous loop is interrupted by a `node:vm` timeout.
 * - A promise loses a race against what is left of the time, and its signal is aborted.
 * - A loop that starts after the function's first `await` can't be interrupted within the process.
 */
export async function callWithin(
  call: (signal: AbortSignal) => unknown,
  options: CallOptions,
): Promise<CallOutcome> {
  return (await startCalls([call], options))[0]!;
}

/**
 * Starts functions one after another under the rules of `callWithin`, as many as fit into a slice of time but at
 * least one; the rest is for the next slice, after a turn of the event loop.
 */
export function startCalls(
  calls: readonly ((signal: AbortSignal) => unknown)[],
  options: CallOptions,
): StartedCall[] {
  const started: StartedCall[] = [];
  const startedAt = performance.now();
  let controller = new AbortController();
  try {
    runInterruptibly(() => {
      do {
        controller = new AbortController();
        started.push(startCall(calls[started.length]!, controller, options));
      } while (started.length < calls.length && performance.now() - startedAt < SLICE_MS);
    }, options.timeoutMs + SLICE_MS);
  } catch {
    // Only the interruption gets here; the call it hit has no entry yet.
    controller.abort();
    started.push(Promise.resolve(timedOut(options.timeoutMs)));
  }
  return started;
}

function startCall(
  call: (signal: AbortSignal) => unknown,
  controller: AbortController,
  { timeoutMs, signal }: CallOptions,
): StartedCall {
  const deadline = performance.now() + timeoutMs;
  const ended = (outcome: CallOutcome): CallOutcome => {
    controller.abort();
    return outcome;
  };
  try {
    const returned = call(controller.signal);
    if (!isThenable(returned)) return Promise.resolve(ended({ returned }));
    const settled = settleBefore(returned, deadline - performance.now(), timeoutMs, signal);
    return settled.catch(failed).then(ended);
  } catch (error) {
    return Promise.resolve(ended(failed(error)));
  }
}

const failed = (error: unknown): CallOutcome => ({
  missing: 'threw',
  message: describeError(error),
});

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

function safeString(value: unknown): string {
  try {
    return String(value);
  } catch {
    return `a thrown ${typeof value} that can't be shown`;
  }
}
