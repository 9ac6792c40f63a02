// What `--memory` measured, beside what it measured before: results/memory-….json and its tables in Markdown.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { megabytes, table } from './memory-process.ts';
import { machine, resultFile, revision } from './results.ts';

/** One row of a table: where it belongs among the others, and what stands in each column; bytes are in `bytes`. */
export interface MemoryRow {
  readonly name: string;
  readonly labels: readonly string[];
  /** Measured, by column. */
  readonly bytes: Readonly<Record<string, number>>;
  /** Made of them, by column. */
  readonly further: Readonly<Record<string, string>>;
}

/** A table that rows are merged into. */
export interface MemoryTable {
  readonly kind: 'head' | 'model' | 'estimate';
  readonly title: string;
  /** Columns of the labels. */
  readonly labels: readonly string[];
  /** Names of all rows, in order. */
  readonly order: readonly string[];
}

interface Recorded extends MemoryRow {
  readonly measuredAt: string;
  readonly revision: string;
}

type Tables = Partial<Record<MemoryTable['kind'], MemoryTable & { rows: readonly Recorded[] }>>;

/** Rows as Markdown. */
export function memoryTable(
  { labels }: Pick<MemoryTable, 'labels'>,
  rows: readonly MemoryRow[],
): string {
  const [first] = rows;
  if (first === undefined) return '';
  const columns = Object.keys(first.bytes).map((name) => `${name}, MB`);
  const heading = [...labels, ...columns, ...Object.keys(first.further)];
  const cells = rows.map((row) => [
    ...row.labels,
    ...Object.values(row.bytes).map(megabytes),
    ...Object.values(row.further),
  ]);
  return table(heading, cells);
}

const readTables = (file: URL): Tables =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { tables: Tables }).tables : {};

function report(tables: Tables): string {
  const { processor, cores, memoryGigabytes, node } = machine;
  const sections = Object.values(tables).map((found) => {
    const commits = [...new Set(found.rows.map((row) => row.revision))].join(', ');
    return `## ${found.title}\n\n${memoryTable(found, found.rows)}\n\nMeasured at ${commits}.\n`;
  });
  return `${processor}, ${cores} cores, ${memoryGigabytes} GB; Node ${node}.\n\n${sections.join('\n')}`;
}

/** Writes rows measured now in place of earlier ones of their names, and prints them. */
export function recordMemory(about: MemoryTable, fresh: readonly MemoryRow[]): void {
  const file = resultFile('memory', 'json');
  const tables = readTables(file);
  const now = { measuredAt: new Date().toISOString(), revision: revision() };
  const named = new Map<string, Recorded>(tables[about.kind]?.rows.map((row) => [row.name, row]));
  for (const row of fresh) named.set(row.name, { ...row, ...now });
  const rows = about.order.flatMap((name) => named.get(name) ?? []);
  const changed = { ...tables, [about.kind]: { ...about, rows } };
  writeFileSync(file, `${JSON.stringify({ machine, tables: changed }, null, 2)}\n`);
  writeFileSync(resultFile('memory', 'md'), report(changed));
  console.log(`${about.title}\n${memoryTable(about, fresh)}\n`);
}

/** The cases that LAUREL_BENCH_CASES names, joined by colons; all where it names none. */
export function chosenCases<Case extends { readonly name: string }>(
  cases: readonly Case[],
): Case[] {
  const only = process.env['LAUREL_BENCH_CASES']?.split(':');
  return cases.filter(({ name }) => only === undefined || only.includes(name));
}
