import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { replaceFile } from '../../checkpoints/index.ts';
import { laurelVersion } from '../../version.ts';
import { type ResultsRecord, serializeResults } from '../results-record.ts';
import { type CellPlan, type CellRecord, cellName, type Json } from './cell.ts';
import { canonicalJson } from './cell-key.ts';
import { describeSeconds } from './progress-lines.ts';
import type { Reproduction, StudyPlan, StudyReport } from './reproduction.ts';
import { type PageSection, renderHtml, renderMarkdown } from './results-page.ts';

export interface ResultsSource {
  readonly reproduction: Reproduction;
  readonly plan: StudyPlan;
  readonly cells: readonly CellRecord[];
  readonly command: string;
}

const DIGITS = 6;

/** A record whose results keep six digits: enough to draw everything from, in a third of the room. */
export const compactCell = (cell: CellRecord): CellRecord => ({
  ...cell,
  result: JSON.parse(
    JSON.stringify(cell.result, (_, value: unknown) =>
      typeof value === 'number' ? Number(value.toPrecision(DIGITS)) : value,
    ),
  ) as Json,
});

/** The files of a study's results by name: record, page and plots, all drawn from the same cells as they are kept. */
export function resultsFiles(source: ResultsSource): ReadonlyMap<string, string> {
  const { reproduction, plan, command } = source;
  const cells = source.cells.map(compactCell);
  const report = reproduction.report(cells);
  const record = recordOf({ reproduction, plan, cells, command }, report);
  const sections = [...report.sections, cellsSection(plan, cells), machinesSection(record)];
  const page = { title: reproduction.title, sections };
  const svgs = new Map(report.plots.map(({ file, svg }) => [file, svg]));
  return new Map([
    ['results.json', serializeResults(record)],
    ['results.md', renderMarkdown(page)],
    ['results.html', renderHtml(page, svgs)],
    ['cells.jsonl', cells.map((cell) => `${JSON.stringify(cell)}\n`).join('')],
    ...svgs,
  ]);
}

/** Writes them, each by rename. */
export function writeResults(folder: string, source: ResultsSource): void {
  for (const [name, contents] of resultsFiles(source)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    replaceFile(file, contents);
  }
}

const distinct = <Item>(items: readonly Item[], textOf: (item: Item) => string): Item[] => [
  ...new Map(items.map((item) => [textOf(item), item])).values(),
];

function recordOf(
  { reproduction, plan, cells, command }: ResultsSource,
  { headline, checks, plots }: StudyReport,
): ResultsRecord {
  const done = new Set(cells.map(cellName));
  return {
    paper: reproduction.paper,
    recordedAt:
      cells
        .map(({ finishedAt }) => finishedAt)
        .sort()
        .at(-1) ?? new Date(0).toISOString(),
    laurelVersion: cells.at(-1)?.laurelVersion ?? laurelVersion(),
    machines: distinct(
      cells.map(({ fingerprint }) => ({ ...fingerprint })),
      canonicalJson,
    ),
    command,
    headline: { ...headline, command },
    checks: [...checks],
    plots: plots.map(({ file, title, caption }) => ({ file, title, caption })),
    cells: {
      planned: plan.cells.length,
      done: cells.length,
      missing: plan.cells.map(cellName).filter((name) => !done.has(name)),
      seconds: Math.round(cells.reduce((sum, { seconds }) => sum + seconds, 0)),
    },
  };
}

/** Which cells there are: a row per task and arm, a column per seed, seconds where computed. */
function cellsSection({ cells, notes }: StudyPlan, records: readonly CellRecord[]): PageSection {
  const seconds = new Map(records.map((record) => [cellName(record), record.seconds]));
  const seeds = [...new Set(cells.map(({ seed }) => seed))].sort((a, b) => a - b);
  const arms = distinct(cells, ({ task, arm }) => `${task}/${arm}`);
  const rows = arms.map(({ task, arm }: CellPlan) => [
    task,
    arm,
    ...seeds.map((seed) => {
      const taken = seconds.get(cellName({ task, arm, seed }));
      return taken === undefined ? 'missing' : `${taken.toFixed(0)} s`;
    }),
  ]);
  const total = records.reduce((sum, record) => sum + record.seconds, 0);
  const text = `${records.length} of ${cells.length} cells, ${describeSeconds(total)} of computing in all.`;
  return {
    heading: 'Cells',
    blocks: [
      { text: [text, ...notes].join(' ') },
      { table: { head: ['task', 'arm', ...seeds.map((seed) => `seed ${seed}`)], rows } },
    ],
  };
}

function machinesSection({ machines, laurelVersion: version }: ResultsRecord): PageSection {
  const describe = (machine: ResultsRecord['machines'][number]) =>
    Object.entries(machine)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ');
  const text = `Laurel ${version}; ${machines.map(describe).join('; ')}.`;
  return { heading: 'Computed on', blocks: [{ text }] };
}
