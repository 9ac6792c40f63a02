import { join } from 'node:path';
import type { Database, Row } from './database.ts';
import type { RunStanding } from './run-index.ts';
import type { StoredRun } from './stored-run.ts';

const columns = `id, folder, name, trainer, state, step, total_steps, seed, created_at, updated_at, ended_at, reason, notes,
  parent, paper, recipe`;

/**
 * Every run, newest first, or one.
 * @param standings - How runs stand that the database has wrong, by id.
 */
export function readRuns(
  database: Database,
  root: string,
  { id, standings }: { readonly id?: number; readonly standings: ReadonlyMap<number, RunStanding> },
): StoredRun[] {
  const [where, values] = id === undefined ? ['', []] : ['WHERE id = ?', [id]];
  const rows = database.all(
    `SELECT ${columns} FROM runs ${where} ORDER BY created_at DESC, id DESC`,
    ...values,
  );
  const tags = readTags(database, id);
  const latest = readLatest(database, id);
  return rows.map((row) => ({
    ...runOf(row, root),
    tags: tags.get(Number(row[0])) ?? [],
    latest: latest.get(Number(row[0])) ?? {},
    ...standings.get(Number(row[0])),
  }));
}

function runOf(row: Row, root: string): Omit<StoredRun, 'tags' | 'latest'> {
  const [id, folder, name, trainer, state, step, totalSteps, seed, createdAt, ...rest] = row;
  const [updatedAt, endedAt, reason, notes, parent, paper, recipe] = rest as (string | null)[];
  return {
    id: Number(id),
    folder: join(root, String(folder)),
    name: String(name),
    trainer: String(trainer),
    state: state as StoredRun['state'],
    step: Number(step),
    totalSteps: totalSteps as number | null,
    seed: Number(seed),
    createdAt: String(createdAt),
    updatedAt: updatedAt!,
    endedAt: endedAt!,
    reason: reason!,
    notes: notes!,
    parent: parent!,
    paper: paper!,
    recipe: recipe!,
  };
}

function readTags(database: Database, id: number | undefined): Map<number, string[]> {
  const rows = database.all(
    'SELECT run_id, tag FROM tags WHERE ?1 IS NULL OR run_id = ?1 ORDER BY run_id, tag',
    id ?? null,
  );
  const tags = new Map<number, string[]>();
  for (const [runId, tag] of rows)
    tags.set(Number(runId), [...(tags.get(Number(runId)) ?? []), String(tag)]);
  return tags;
}

function readLatest(
  database: Database,
  id: number | undefined,
): Map<number, Record<string, number | null>> {
  const rows = database.all(
    `SELECT k.run_id, m.name, (
       SELECT value FROM points p WHERE p.run_id = k.run_id AND p.key_id = k.key_id AND value IS NOT NULL
       ORDER BY step DESC LIMIT 1)
     FROM run_keys k JOIN metric_keys m ON m.id = k.key_id WHERE ?1 IS NULL OR k.run_id = ?1 ORDER BY k.run_id, m.name`,
    id ?? null,
  );
  const latest = new Map<number, [key: string, value: number | null][]>();
  for (const [runId, key, value] of rows) {
    const values = latest.get(Number(runId)) ?? [];
    values.push([String(key), value as number | null]);
    latest.set(Number(runId), values);
  }
  // A key may be called __proto__, which an assignment would lose.
  return new Map([...latest].map(([runId, values]) => [runId, Object.fromEntries(values)]));
}
