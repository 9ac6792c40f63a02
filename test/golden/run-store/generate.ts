/**
 * Writes version-1.db: the database of two small runs, as the first version made it. Run by `node --import jiti/register` with
 * the Laurel of that version; a later one would write a later version.
 */
import { copyFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunStore } from '../../../src/runs/index.ts';
import { makeManyRuns } from '../../support/many-runs.ts';

const root = mkdtempSync(join(tmpdir(), 'laurel-'));
makeManyRuns(root, { runs: 2, linesPerRun: 20 });
const store = RunStore.open(root);
store.annotate(store.get('sft-0001').id, { name: 'second', tags: ['kept'] });
store.close();
copyFileSync(join(root, 'laurel.db'), join(import.meta.dirname, 'version-1.db'));
