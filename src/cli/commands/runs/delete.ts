import { createInterface } from 'node:readline/promises';
import { z } from 'zod';
import { configGroup } from '../../../config/index.ts';
import { ConfigError } from '../../../errors.ts';
import type { StoredRun } from '../../../runs/index.ts';
import { changing, verb, verbConfig } from './verb.ts';

const config = verbConfig('delete', 'Delete runs: folders, checkpoints, everything.', {
  deletion: configGroup('Deletion', {
    yes: z.boolean().default(false).describe('Do not ask.'),
  }),
});

/** Asks on a terminal; elsewhere nobody could answer. */
async function isWanted(runs: readonly StoredRun[]): Promise<boolean> {
  const folders = runs.map(({ folder }) => folder).join(', ');
  if (!process.stdin.isTTY)
    throw new ConfigError(`laurel runs delete: would delete ${folders}; confirm with --yes`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`Delete ${folders} with all checkpoints? [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

/** `laurel runs delete` */
export const deleteVerb = verb({
  config,
  usage: 'delete RUN …',
  words: [1, 1000],
  run: ({ root, yes }, names) =>
    changing(root, async (store) => {
      const runs = [...new Set(names.map((name) => store.get(name).id))].map((id) => store.get(id));
      const running = runs.find(({ state }) => state === 'running');
      if (running !== undefined)
        throw new ConfigError(
          `laurel runs delete: ${running.name} is running; stop it first, nothing was deleted`,
        );
      if (!yes && !(await isWanted(runs))) return 'Nothing was deleted.\n';
      for (const { id } of runs) store.delete(id);
      return `Deleted ${runs.map(({ folder }) => folder).join(', ')}\n`;
    }),
});
