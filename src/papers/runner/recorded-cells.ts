import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { resultsFolder } from '../read-results.ts';
import type { CellRecord } from './cell.ts';

/** The cells recorded with a paper's code; none where nothing was recorded. */
export function readRecordedCells(paper: string, folder = resultsFolder(paper)): CellRecord[] {
  const file = join(folder, 'cells.jsonl');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as CellRecord);
}
