import type { Trace, TraceEvent } from '../../tensor/index.ts';

/** An event among those around and inside it, on its thread. */
export interface TreeSpan {
  readonly event: TraceEvent;
  readonly parent: TreeSpan | undefined;
  readonly children: TreeSpan[];
  /** Microseconds of the trace. */
  readonly start: number;
  readonly end: number;
  /** The innermost phase that it belongs to; undefined outside all. */
  readonly phase: string | undefined;
  /** Whether it happened in a training step, not between two. */
  readonly isInStep: boolean;
}

/** Microseconds that a span did not spend in its children. */
export function selfTime({ start, end, children }: TreeSpan): number {
  return children.reduce((left, child) => left - (child.end - child.start), end - start);
}

const endOf = ({ start, duration }: TraceEvent): number => start + duration;

const depth = { step: 0, phase: 1, bridge: 2, operator: 3, autograd: 4, kernel: 5 };

const isOfEngine = ({ kind }: TraceEvent): number => Number(depth[kind] >= depth.autograd);

/** Outer events before inner ones; where times are equal, by what can enclose what. */
const byThreadAndStart = (a: TraceEvent, b: TraceEvent): number =>
  a.thread - b.thread ||
  a.start - b.start ||
  isOfEngine(a) - isOfEngine(b) ||
  endOf(b) - endOf(a) ||
  depth[a.kind] - depth[b.kind];

/**
 * Finds what happened inside what, per thread, in order of start. The clocks of TypeScript and of the engine agree to
 * a fraction of a microsecond, so a span is cut where it would outlast the one around it: the result always nests.
 */
export function buildSpanTree({ events }: Trace): TreeSpan[] {
  const open: TreeSpan[] = [];
  return [...events].sort(byThreadAndStart).map((event) => {
    while (open.length > 0 && !contains(open[open.length - 1]!, event)) open.pop();
    const parent = open[open.length - 1];
    const span: TreeSpan = {
      event,
      parent,
      children: [],
      start: event.start,
      end: Math.min(endOf(event), parent?.end ?? Number.POSITIVE_INFINITY),
      phase: event.kind === 'phase' ? event.name : parent?.phase,
      isInStep: event.kind === 'step' || (parent?.isInStep ?? false),
    };
    parent?.children.push(span);
    open.push(span);
    return span;
  });
}

const contains = (outer: TreeSpan, event: TraceEvent): boolean =>
  outer.event.thread === event.thread && event.start < outer.end;

/** The stretches of a span that its children leave free. */
export function gapsOf({
  start,
  end,
  children,
}: TreeSpan): (readonly [from: number, to: number])[] {
  const gaps: (readonly [number, number])[] = [];
  let from = start;
  for (const child of children) {
    if (child.start > from) gaps.push([from, child.start]);
    from = Math.max(from, child.end);
  }
  if (end > from) gaps.push([from, end]);
  return gaps;
}

/** Whether a span is TypeScript's own time where nothing inside it ran. */
export const isTypeScript = ({ event: { kind } }: TreeSpan): boolean =>
  kind === 'step' || kind === 'phase';
