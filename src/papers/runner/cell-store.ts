import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { replaceFile } from '../../checkpoints/index.ts';
import { type CellPlan, type CellRecord, cellName } from './cell.ts';
import { cellKeys } from './cell-key.ts';

/** The computed cells of one plan: a file each, that is whole or not there. */
export class CellStore {
  readonly folder: string;
  readonly #keys: ReadonlyMap<string, string>;
  readonly #recorded: ReadonlyMap<string, CellRecord>;

  /** @param recorded - Cells computed elsewhere, which count where their keys are those of the plan. */
  constructor(folder: string, cells: readonly CellPlan[], recorded: Iterable<CellRecord> = []) {
    this.folder = folder;
    this.#keys = cellKeys(cells);
    this.#recorded = new Map([...recorded].map((record) => [record.key, record]));
  }

  keyOf(cell: CellPlan): string {
    return this.#keys.get(cellName(cell))!;
  }

  /** Where a cell's own files are. */
  filesOf(cell: Pick<CellPlan, 'task' | 'arm' | 'seed'>): string {
    return join(this.folder, 'files', cellName(cell));
  }

  #recordFile(cell: CellPlan): string {
    return join(this.folder, 'cells', `${cellName(cell)}.json`);
  }

  /** What was computed of a cell, here or elsewhere; undefined where nothing was, or by other settings. */
  record(cell: CellPlan): CellRecord | undefined {
    const file = this.#recordFile(cell);
    const key = this.keyOf(cell);
    const own = existsSync(file) ? parseRecord(readFileSync(file, 'utf8')) : undefined;
    return own?.key === key ? own : this.#recorded.get(key);
  }

  /** The same; undefined too where files that others read are not here. */
  read(cell: CellPlan): CellRecord | undefined {
    if (cell.keepsFiles && !existsSync(this.filesOf(cell))) return undefined;
    return this.record(cell);
  }

  /** Cells of a plan that need not be computed: those read, and those recorded whose files nothing asks for. */
  present(cells: readonly CellPlan[]): ReadonlyMap<string, CellRecord> {
    const present = new Map<string, CellRecord>();
    const asked = new Set<string>();
    // What needs a cell comes after it.
    for (const cell of [...cells].reverse()) {
      const record = asked.has(cellName(cell)) ? this.read(cell) : this.record(cell);
      if (record === undefined) for (const need of cell.needs) asked.add(need);
      else present.set(cellName(cell), record);
    }
    return present;
  }

  /** Makes the folder of a cell's files, empty: what a killed process left there is removed. */
  prepareFiles(cell: CellPlan): string {
    const folder = this.filesOf(cell);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  write(cell: CellPlan, record: CellRecord): void {
    const file = this.#recordFile(cell);
    mkdirSync(dirname(file), { recursive: true });
    replaceFile(file, `${JSON.stringify(record)}\n`);
    if (!cell.keepsFiles) rmSync(this.filesOf(cell), { recursive: true, force: true });
  }
}

/** Undefined for what is no record: an editor's leftovers, say. */
function parseRecord(contents: string): CellRecord | undefined {
  try {
    return JSON.parse(contents) as CellRecord;
  } catch {
    return undefined; // Computed again.
  }
}
