import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { replaceFile } from '../../checkpoints/index.ts';
import { type CellPlan, type CellRecord, cellName } from './cell.ts';
import { cellKeys } from './cell-key.ts';

/** The computed cells of one plan: a file each, that is whole or not there. */
export class CellStore {
  readonly folder: string;
  readonly #keys: ReadonlyMap<string, string>;

  constructor(folder: string, cells: readonly CellPlan[]) {
    this.folder = folder;
    this.#keys = cellKeys(cells);
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

  /** What was computed of a cell; undefined where nothing was, by other settings, or where files that others read are gone. */
  read(cell: CellPlan): CellRecord | undefined {
    const file = this.#recordFile(cell);
    if (!existsSync(file)) return undefined;
    if (cell.keepsFiles && !existsSync(this.filesOf(cell))) return undefined;
    const record = parseRecord(readFileSync(file, 'utf8'));
    return record?.key === this.keyOf(cell) ? record : undefined;
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
