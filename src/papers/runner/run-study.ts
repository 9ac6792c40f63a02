import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { lockRun } from '../../runs/run-lock.ts';
import { type CellPlan, type CellRecord, cellName } from './cell.ts';
import { computeInProcess } from './cell-process.ts';
import { CellStore } from './cell-store.ts';
import { describeSeconds, ProgressLines } from './progress-lines.ts';
import { readRecordedCells } from './recorded-cells.ts';
import type { PlanOptions, Reproduction, StudyPlan } from './reproduction.ts';
import { type CellsRun, runCells } from './run-cells.ts';
import { writeResults } from './write-results.ts';

export interface StudyOptions extends PlanOptions {
  readonly out: string;
  readonly workers: number;
  /** Infinity: until everything is computed. */
  readonly budgetSeconds: number;
  /** Only cells whose name holds this text, and those they need; all unless given. */
  readonly match?: string | undefined;
  /** Whether cells recorded with the code count as computed where their settings are the same. */
  readonly resumesRecorded?: boolean;
  /** The command line that runs the study, for its records. */
  readonly command: string;
  readonly signal: AbortSignal;
  readonly write: (line: string) => void;
}

const now = (): number => performance.now() / 1000;

/** The cells whose name holds a text, with all that they need. */
export function matchingCells(cells: readonly CellPlan[], text: string): CellPlan[] {
  const wanted = new Set<string>();
  for (const cell of [...cells].reverse()) {
    if (!wanted.has(cellName(cell)) && !cellName(cell).includes(text)) continue;
    wanted.add(cellName(cell));
    for (const need of cell.needs) wanted.add(need);
  }
  return cells.filter((cell) => wanted.has(cellName(cell)));
}

/** Computes what is missing of a study within its time and writes what can be said by then. */
export async function runStudy(
  reproduction: Reproduction,
  options: StudyOptions,
): Promise<CellsRun> {
  const { out, write, match } = options;
  const plan = reproduction.plan(options);
  const cells = match === undefined ? plan.cells : matchingCells(plan.cells, match);
  mkdirSync(out, { recursive: true });
  const lock = lockRun(out);
  try {
    const recorded = options.resumesRecorded ? readRecordedCells(reproduction.paper) : [];
    const store = new CellStore(out, plan.cells, recorded);
    const run = await computeCells(reproduction, cells, store, options);
    const records = plan.cells
      .map((cell) => store.record(cell))
      .filter((record) => record !== undefined);
    const source = { reproduction, plan, cells: records, command: options.command };
    writeResults(join(out, 'results'), source);
    write(describeEnd(run, plan, records, join(out, 'results', 'results.md')));
    return run;
  } finally {
    lock.release();
  }
}

async function computeCells(
  reproduction: Reproduction,
  cells: readonly CellPlan[],
  store: CellStore,
  { workers, budgetSeconds, signal, data, write }: StudyOptions,
): Promise<CellsRun> {
  const done = store.present(cells).size;
  write(`${reproduction.paper}: ${cells.length} cells, ${done} of them done; ${workers} at a time`);
  const lines = new ProgressLines({ planned: cells.length, done, write, now });
  return runCells(cells, {
    store,
    workers,
    budgetSeconds,
    signal,
    onEvent: lines.onEvent,
    execute: (cell, folder, aborted) => {
      const neededFolders = neededBy(cell, cells).map(
        (need) => [cellName(need), store.filesOf(need)] as const,
      );
      const request = { paper: reproduction.paper, cell, folder, neededFolders, data };
      return computeInProcess(request, {
        signal: aborted,
        onProgress: (text) => lines.report(cell, text),
      });
    },
  });
}

const neededBy = ({ needs }: CellPlan, cells: readonly CellPlan[]): CellPlan[] =>
  cells.filter((cell) => needs.includes(cellName(cell)));

function describeEnd(
  { computed, failed, left }: CellsRun,
  { cells }: StudyPlan,
  records: readonly CellRecord[],
  page: string,
): string {
  const seconds = records.reduce((sum, record) => sum + record.seconds, 0);
  return [
    `${records.length} of ${cells.length} cells (${computed.length} now, ${describeSeconds(seconds)} of computing in all); results: ${page}`,
    ...(failed.length === 0
      ? []
      : [`${failed.length} failed: ${failed.map(({ name }) => name).join(', ')}`]),
    ...(left.length === 0 ? [] : [`${left.length} are left; the same command goes on with them`]),
  ].join('\n');
}
