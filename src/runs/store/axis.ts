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

/** An axis that grows from line to line, as it was logged. */
function recorded(database: Database, runId: number, column: 'tokens' | 'elapsed'): Axis {
  const known = new Map<number, number>();
  // A point between two lines, the middle of a bucket say, lies where the next line does.
  const next = `SELECT step, ${column} FROM lines WHERE run_id = ? AND step >= ? ORDER BY step LIMIT 1`;
  const lineFrom = (step: number) => database.get(next, runId, step) as [number, number];
  const [last] = database.get('SELECT max(step) FROM lines WHERE run_id = ?', runId)!;
  const end = Number(last ?? -1);
  /** The first step whose value passes; one past the last line where none does. */
  const firstStep = (passes: (value: number) => boolean): number => {
    let [low, high] = [0, end + 1];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const [step, value] = lineFrom(middle);
      if (passes(value)) high = middle;
      else low = step + 1;
    }
    return low;
  };
  return {
    at: (step) => {
      const value = known.get(step) ?? lineFrom(step)[1];
      known.set(step, value);
      return value;
    },
    range: ({ from, to }) => ({
      from: from === undefined ? 0 : firstStep((value) => value >= from),
      to: to === undefined ? end : firstStep((value) => value > to) - 1,
    }),
  };
}
