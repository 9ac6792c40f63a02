import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, relative } from 'node:path';
import { isRunFolder, type StatedOrigin } from '../run-record.ts';

/** Where a run comes from. */
export interface RunOrigin {
  /** The run whose weights it started from: its name, or its folder where that is below another root. */
  readonly parent: string | null;
  readonly paper: string | null;
  /** The configuration file or script that it was started with. */
  readonly recipe: string | null;
}

/**
 * Says where a run comes from: as its starter stated, else as what it was started with tells.
 * @param command - What followed `node`: the program, then its words.
 */
export function runOrigin(
  folder: string,
  command: readonly string[],
  { parent, paper, recipe = recipeOf(command) ?? undefined }: StatedOrigin = {},
): RunOrigin {
  const [, named] = /(?:^|\/)papers\/([^/]+)\//.exec(recipe ?? '') ?? [];
  return {
    parent: parent === undefined ? null : parentOf(folder, parent),
    paper: paper ?? named ?? null,
    recipe: recipe ?? null,
  };
}

function recipeOf([program = '', ...words]: readonly string[]): string | null {
  const at = words.findIndex((word) => word === '--config' || word.startsWith('--config='));
  const config = words[at]?.includes('=') ? words[at]!.slice('--config='.length) : words[at + 1];
  if (at >= 0 && config !== undefined) return config;
  if (/(?:^|\/)laurel(?:\.mjs)?$/.test(program) || program.includes('/node_modules/')) return null;
  const shown = relative(process.cwd(), program);
  return program === '' ? null : shown.startsWith('..') ? program : shown;
}

/**
 * The run that weights come from: the folder itself, or two levels up from `run/checkpoints/checkpoint-N`; by its name where
 * it lies beside this one.
 */
function parentOf(folder: string, weights: string): string | null {
  if (!existsSync(weights)) return weights.includes('/') ? null : weights;
  const path = realpathSync(weights);
  const run = [path, dirname(dirname(path))].find(isRunFolder);
  if (run === undefined) return null;
  const isSibling = existsSync(folder) && dirname(realpathSync(folder)) === dirname(run);
  return isSibling ? basename(run) : run;
}
