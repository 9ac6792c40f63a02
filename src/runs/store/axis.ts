import type { Database } from './database.ts';
import type { StepRange } from './read-pieces.ts';
import type { SeriesRequest, XAxis } from './stored-run.ts';

/** What a horizontal axis counts at a step, and which steps lie between two of its values. */
export interface Axis {
  at(step: number): number;
  range(request: Pick<SeriesRequest, 'from' | 'to'>): StepRange;
}

const columns = { tokens: 'tokens', time: 'elapsed' } as const;

/** The axis of a run; undefined where the run does not say how many completions a step trains on. */
export function axisOf(database: Database, runId: number, x: XAxis): Axis | undefined {
  if (x === 'step') return proportional(1);
  if (x === 'completions') {
    const [perStep] = database.get('SELECT completions_per_step FROM runs WHERE id = ?', runId)!;
    return perStep === null ? undefined : proportional(Number(perStep));
  }
  return recorded(database, runId, columns[x]);
}

const proportional = (perStep: number): Axis => ({
  at: (step) => step * perStep,
  range: ({ from = 0, to = Number.MAX_SAFE_INTEGER }) => ({
    from: Math.ceil(from / perStep),
    to: Math.floor(to / perStep),
  }),
});

type Line = readonly [step: number, value: number];

/** Lines that are read at once; of longer runs, those that are asked for. */
const MOST_LINES = 10_000;

/** An axis that grows from line to line, as it was logged. */
function recorded(database: Database, runId: number, column: 'tokens' | 'elapsed'): Axis {
  // A point between two lines, the middle of a bucket say, lies where the next line does.
  const lineFrom = readLines(database, runId, column) ?? searchLines(database, runId, column);
  const [last] = database.get('SELECT max(step) FROM lines WHERE run_id = ?', runId)!;
  const end = Number(last ?? -1);
  /** The first step whose value passes; one past the last line where none does. */
  const firstStep = (passes: (value: number) => boolean): number =>
    firstPassing(0, end + 1, (middle) => {
      const [step, value] = lineFrom(middle);
      return passes(value) ? middle : step + 1;
    });
  return {
    at: (step) => lineFrom(step)[1],
    range: ({ from, to }) => ({
      from: from === undefined ? 0 : firstStep((value) => value >= from),
      to: to === undefined ? end : firstStep((value) => value > to) - 1,
    }),
  };
}

/**
 * Halves a range until nothing is left of it.
 * @param look - Gives the middle where the answer is that or before, else where to go on after it.
 */
function firstPassing(start: number, end: number, look: (middle: number) => number): number {
  let [low, high] = [start, end];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = look(middle);
    if (found === middle) high = middle;
    else low = found;
  }
  return low;
}

/** Reads all lines of a run; undefined for a long one. @returns a function that gives the first line from a step on. */
function readLines(
  database: Database,
  runId: number,
  column: 'tokens' | 'elapsed',
): ((step: number) => Line) | undefined {
  const [steps, values, count] = database.get(
    `SELECT group_concat(step), group_concat(printf('%!.17g', ${column})), count(*) FROM (
       SELECT step, ${column} FROM lines WHERE run_id = ? ORDER BY step LIMIT ${MOST_LINES + 1})`,
    runId,
  )!;
  if (Number(count) > MOST_LINES) return undefined;
  const parse = (text: unknown) => JSON.parse(`[${text ?? ''}]`) as number[];
  const [xs, ys] = [parse(steps), parse(values)];
  return (step) => {
    const place = firstPassing(0, xs.length, (i) => (xs[i]! >= step ? i : i + 1));
    return [xs[place]!, ys[place]!];
  };
}

/** Looks lines up one by one, each once. */
function searchLines(
  database: Database,
  runId: number,
  column: 'tokens' | 'elapsed',
): (step: number) => Line {
  const known = new Map<number, Line>();
  const next = `SELECT step, ${column} FROM lines WHERE run_id = ? AND step >= ? ORDER BY step LIMIT 1`;
  return (step) => {
    const line = known.get(step) ?? (database.get(next, runId, step) as unknown as Line);
    known.set(step, line);
    return line;
  };
}
