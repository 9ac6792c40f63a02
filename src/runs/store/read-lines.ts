import type { Database } from './database.ts';
import type { MetricsLine, RunEvent, RunEventKind } from './stored-run.ts';

/** The lines of a run that came after a place in the sequence of changes, up to another, in order of steps. */
export function readLines(
  database: Database,
  runId: number,
  after: number,
  upTo: number,
): MetricsLine[] {
  const lines = database.all(
    'SELECT step, time FROM lines WHERE run_id = ? AND changed > ? AND changed <= ? ORDER BY step',
    runId,
    after,
    upTo,
  );
  if (lines.length === 0) return [];
  const metrics = new Map<number, [key: string, value: number | null][]>(
    lines.map(([step]) => [Number(step), []]),
  );
  for (const [key, step, value] of pointsFrom(database, runId, Number(lines[0]![0])))
    metrics.get(Number(step))?.push([String(key), value as number | null]);
  return lines.map(([step, time]) => ({
    step: Number(step),
    time: Number(time),
    metrics: Object.fromEntries(metrics.get(Number(step))!),
  }));
}

/** Key by key, so that each is a search and not a pass over all points of the run. */
const pointsFrom = (database: Database, runId: number, step: number) =>
  database.all(
    `SELECT m.name, p.step, p.value FROM run_keys k CROSS JOIN metric_keys m ON m.id = k.key_id
     CROSS JOIN points p ON p.run_id = k.run_id AND p.key_id = k.key_id AND p.step >= ?2 WHERE k.run_id = ?1`,
    runId,
    step,
  );

/** The events of a run after one of them, in order. */
export function readEventsAfter(database: Database, runId: number, afterId: number): RunEvent[] {
  const rows = database.all(
    'SELECT id, step, time, kind, name, message FROM events WHERE run_id = ? AND id > ? ORDER BY id',
    runId,
    afterId,
  );
  return rows.map(([id, step, time, kind, name, message]) => ({
    id: Number(id),
    runId,
    step: Number(step),
    time: Number(time),
    kind: kind as RunEventKind,
    name: String(name),
    message: String(message),
  }));
}
