import { closeSync, openSync, renameSync, writeSync } from 'node:fs';
import type { Trace } from '../../tensor/index.ts';
import { buildSpanTree, gapsOf, isTypeScript, type TreeSpan } from './span-tree.ts';

/** Gaps shorter than this are left out of the trace, in microseconds. */
const SHOWN_GAP = 20;
/** Where gaps are drawn, below the threads. */
const GAP_TRACK = 1000;
const LINES_AT_ONCE = 4096;

const round = (microseconds: number): number => Math.round(microseconds * 1000) / 1000;

interface ChromeEvent {
  readonly name: string;
  readonly cat: string;
  readonly ph: 'X' | 'M';
  readonly pid: 1;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

const metadata = (
  kind: 'process_name' | 'thread_name',
  tid: number,
  name: string,
): ChromeEvent => ({
  name: kind,
  cat: '__metadata',
  ph: 'M',
  pid: 1,
  tid,
  args: { name },
});

/** The shapes that an operator was given are those of the first kernel in it that has any. */
const shapesOf = ({ event, children }: TreeSpan): readonly string[] =>
  event.shapes ?? (event.kind === 'operator' ? (children[0]?.event.shapes ?? []) : []);

function toChrome(span: TreeSpan): ChromeEvent {
  const { event, start, end, phase } = span;
  const shapes = shapesOf(span);
  const args = {
    ...(shapes.length > 0 && { shapes: shapes.join(' ') }),
    ...(phase !== undefined && event.kind !== 'phase' && { phase }),
  };
  return {
    name: event.name,
    cat: event.kind,
    ph: 'X',
    pid: 1,
    tid: event.thread,
    ts: round(start),
    dur: round(end - start),
    ...(Object.keys(args).length > 0 && { args }),
  };
}

const gapEvents = (span: TreeSpan): ChromeEvent[] =>
  gapsOf(span)
    .filter(([from, to]) => to - from >= SHOWN_GAP)
    .map(([from, to]) => ({
      name: span.phase ?? span.event.name,
      cat: 'gap',
      ph: 'X',
      pid: 1,
      tid: GAP_TRACK,
      ts: round(from),
      dur: round(to - from),
    }));

/** A trace as events of Chrome's trace format, one at a time. */
export function* chromeEvents(trace: Trace, title: string): Generator<ChromeEvent> {
  const spans = buildSpanTree(trace);
  yield metadata('process_name', 0, title);
  yield metadata('thread_name', 0, 'main thread');
  yield metadata('thread_name', GAP_TRACK, 'gaps (TypeScript, or waiting)');
  for (const thread of new Set(spans.map(({ event }) => event.thread))) {
    if (thread !== 0) yield metadata('thread_name', thread, `engine thread ${thread}`);
  }
  for (const span of spans) {
    yield toChrome(span);
    if (isTypeScript(span)) yield* gapEvents(span);
  }
}

/**
 * Writes a trace that chrome://tracing and https://ui.perfetto.dev open.
 * Google, Trace Event Format: "X" events with times in microseconds, nested by their times.
 */
export function writeChromeTrace(file: string, trace: Trace, title: string): void {
  const partial = `${file}.${process.pid}.tmp`;
  const handle = openSync(partial, 'w');
  try {
    writeSync(handle, '{"displayTimeUnit":"ms","traceEvents":[\n');
    let lines: string[] = [];
    let separator = '';
    const flush = () => {
      if (lines.length === 0) return;
      writeSync(handle, separator + lines.join(',\n'));
      separator = ',\n';
      lines = [];
    };
    for (const event of chromeEvents(trace, title)) {
      lines.push(JSON.stringify(event));
      if (lines.length === LINES_AT_ONCE) flush();
    }
    flush();
    writeSync(handle, '\n]}\n');
  } finally {
    closeSync(handle);
  }
  renameSync(partial, file);
}
