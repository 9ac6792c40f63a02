import { type DType, dtypeName } from './dtype.ts';
import { attempt, native } from './native.ts';
import { recordSpansInto, type Span, type SpanKind } from './trace.ts';

/** A `kernel` is an operator as libtorch ran it; `autograd` is a node of the backward pass around its kernels. */
export type TraceKind = SpanKind | 'kernel' | 'autograd';

/** A stretch of one thread's time. */
export interface TraceEvent {
  readonly kind: TraceKind;
  readonly name: string;
  /** Microseconds since the trace began. */
  readonly start: number;
  /** Microseconds. */
  readonly duration: number;
  /** 0 is the thread that took the trace. */
  readonly thread: number;
  /** The tensors a kernel was given: `float32[8, 64]`. */
  readonly shapes?: readonly string[];
}

/** What happened while a trace was taken. */
export interface Trace {
  readonly events: readonly TraceEvent[];
  /** Microseconds that the trace took in all. */
  readonly duration: number;
  /** Kernels past the first four million, which were not kept. */
  readonly droppedKernels: number;
}

const WORDS_PER_KERNEL = 6;
const AUTOGRAD_SCOPE = 1;
/** Clock readings compared at the start; the closest pair wins. */
const CLOCK_READINGS = 16;

/** Milliseconds of `performance.now()` at the engine's clock 0, which counts nanoseconds. */
function engineClockOrigin(): number {
  let best = { width: Infinity, origin: 0 };
  for (let reading = 0; reading < CLOCK_READINGS; reading++) {
    const before = performance.now();
    const engine = native.profileClock() / 1e6;
    const after = performance.now();
    const width = after - before;
    if (width < best.width) best = { width, origin: (before + after) / 2 - engine };
  }
  return best.origin;
}

function describeShape(text: string): string {
  if (text === '') return 'none';
  const [dtype, sizes = ''] = text.split(':');
  let name: DType | string;
  try {
    name = dtypeName(Number(dtype));
  } catch {
    name = `dtype ${dtype}`;
  }
  return `${name}[${sizes.replaceAll(',', ', ')}]`;
}

const describeShapes = (text: string): readonly string[] =>
  text === '' ? [] : text.split(';').map(describeShape);

/** Numbers threads as they appear, the one that took the trace first. */
function threadNumbers(own: number): (thread: number) => number {
  const numbers = new Map([[own, 0]]);
  return (thread) => {
    const known = numbers.get(thread);
    if (known !== undefined) return known;
    numbers.set(thread, numbers.size);
    return numbers.size - 1;
  };
}

interface Kernels {
  readonly records: Float64Array;
  readonly texts: readonly string[];
  readonly ownThread: number;
  /** Microseconds since the trace began, from the engine's nanoseconds. */
  readonly toTime: (nanoseconds: number) => number;
}

function kernelEvents({ records, texts, ownThread, toTime }: Kernels): TraceEvent[] {
  const numberOf = threadNumbers(ownThread);
  const shapes = texts.map(() => undefined as readonly string[] | undefined);
  const events: TraceEvent[] = [];
  for (let at = 0; at < records.length; at += WORDS_PER_KERNEL) {
    const [name, shape, scope, thread, start, end] = records.subarray(at, at + WORDS_PER_KERNEL);
    shapes[shape!] ??= describeShapes(texts[shape!]!);
    events.push({
      kind: scope === AUTOGRAD_SCOPE ? 'autograd' : 'kernel',
      name: texts[name!]!,
      start: toTime(start!),
      duration: (end! - start!) / 1000,
      thread: numberOf(thread!),
      shapes: shapes[shape!]!,
    });
  }
  return events;
}

/**
 * Records every phase, every call into the engine and everything libtorch runs inside, on all threads, until the
 * function it returns is called. One trace is taken at a time. Costs one to three microseconds for each kernel.
 * @throws EngineError when a trace is being taken already.
 */
export function startTrace(): () => Trace {
  const origin = engineClockOrigin();
  const ownThread = attempt('startTrace', () => native.startProfile());
  const spans: Span[] = [];
  const startedAt = performance.now();
  recordSpansInto(spans);
  return () => {
    recordSpansInto(undefined);
    const duration = (performance.now() - startedAt) * 1000;
    const [records, droppedKernels, ...texts] = attempt('stopTrace', () => native.stopProfile());
    const toTime = (nanoseconds: number) => (nanoseconds / 1e6 + origin - startedAt) * 1000;
    const own = spans.map(({ kind, name, start, end }) => ({
      kind,
      name,
      start: (start - startedAt) * 1000,
      duration: (end - start) * 1000,
      thread: 0,
    }));
    const kernels = kernelEvents({ records, texts, ownThread, toTime });
    return { events: [...own, ...kernels], duration, droppedKernels };
  };
}
