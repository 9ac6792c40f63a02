import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { cellName } from '../runner/cell.ts';
import { cellKeys } from '../runner/cell-key.ts';
import { readRecordedCells } from '../runner/recorded-cells.ts';
import { resultsFiles } from '../runner/write-results.ts';
import { capoReproduction } from './reproduce.ts';

const folder = fileURLToPath(new URL('./results', import.meta.url));
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
const plan = capoReproduction.plan({ isQuick: false, data: null });
const cells = readRecordedCells('capo');

test('the recorded cells were computed with the settings that the code has', () => {
  const keys = cellKeys(plan.cells);
  for (const cell of cells) expect(cell.key).toBe(keys.get(cellName(cell)));
});

test('the recorded page, record and plots follow from the recorded cells', () => {
  const command = 'npx laurel reproduce capo';
  const files = resultsFiles({ reproduction: capoReproduction, plan, cells, command });
  // The HTML page repeats the others, so it is not kept.
  const kept = [...files].filter(([name]) => name !== 'results.html');
  expect(readdirSync(folder).sort()).toEqual(kept.map(([name]) => name).sort());
  for (const [name, contents] of kept) expect(read(name), name).toBe(contents);
});
