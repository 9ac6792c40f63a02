import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { cellName } from '../runner/cell.ts';
import { cellKeys } from '../runner/cell-key.ts';
import { readRecordedCells } from '../runner/recorded-cells.ts';
import { resultsFiles } from '../runner/write-results.ts';
import { likelihoodReproduction } from './reproduce.ts';

const folder = fileURLToPath(new URL('./results', import.meta.url));
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

// A plan has the part on human preferences where their file is.
const data = mkdtempSync(join(tmpdir(), 'laurel-data-'));
afterAll(() => rmSync(data, { recursive: true, force: true }));
mkdirSync(join(data, 'preferences'));
writeFileSync(join(data, 'preferences', 'hh-rlhf-harmless-base-test.jsonl.gz'), '');
const plan = likelihoodReproduction.plan({ isQuick: false, data });

const cells = readRecordedCells('likelihood');

test('the recorded cells were computed with the settings that the code has', () => {
  const keys = cellKeys(plan.cells);
  for (const cell of cells) expect(cell.key).toBe(keys.get(cellName(cell)));
});

test('the recorded page, record and plots follow from the recorded cells', () => {
  const command = 'npx laurel reproduce likelihood';
  const files = resultsFiles({ reproduction: likelihoodReproduction, plan, cells, command });
  // The HTML page repeats the others, so it is not kept.
  const kept = [...files].filter(([name]) => name !== 'results.html');
  expect(readdirSync(folder).sort()).toEqual(kept.map(([name]) => name).sort());
  for (const [name, contents] of kept) expect(read(name), name).toBe(contents);
});
