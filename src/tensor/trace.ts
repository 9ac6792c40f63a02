/**
 * What a stretch of time was spent on: a training step, a phase of it, an operator called from TypeScript, or another
 * call into the engine (reading a number, freeing tensors).
 */
export type SpanKind = 'step' | 'phase' | 'operator' | 'bridge';

/** A stretch of this thread's time, in milliseconds of `performance.now()`. */
export interface Span {
  readonly kind: SpanKind;
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

let recorded: Span[] | undefined;

/** Starts recording spans, or stops when given nothing. */
export function recordSpansInto(spans: Span[] | undefined): void {
  recorded = spans;
}

/** Whether anybody records spans. */
export const isTracing = (): boolean => recorded !== undefined;

const isPromise = (value: unknown): value is Promise<unknown> => value instanceof Promise;

/** Runs `work` and records how long it took, until its promise settles where it returns one. */
export function traced<Result>(kind: SpanKind, name: string, work: () => Result): Result {
  if (recorded === undefined) return work();
  const spans = recorded;
  const start = performance.now();
  const finish = () => void spans.push({ kind, name, start, end: performance.now() });
  let isPending = false;
  try {
    const result = work();
    if (!isPromise(result)) return result;
    isPending = true;
    return result.finally(finish) as Result;
  } finally {
    if (!isPending) finish();
  }
}

/**
 * Names what `work` does for whoever takes a profile: rollout, reward, advantages, pack, forward, backward, optimiser,
 * checkpoint, or a name of one's own. Phases nest; time counts for the innermost. Free when nobody looks.
 */
export const phase = <Result>(name: string, work: () => Result): Result =>
  traced('phase', name, work);
