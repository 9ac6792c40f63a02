import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import { isRunFolder } from '../run-record.ts';

/** Where a run comes from. */
export interface RunOrigin {
  /** The run whose weights it started from: its name, or its folder where that is below another root. */
  readonly parent: string | null;
  readonly paper: string | null;
  /** The configuration file or script that it was started with. */
  readonly recipe: string | null;
}

/**
 * Derives where a run comes from, from what it was started with.
 * @param command - What followed `node`: the program, then its words.
 * @param options - The run's options, in YAML's naming.
 */
export function runOrigin(
  folder: string,
  command: readonly string[],
  options: Readonly<Record<string, unknown>>,
): RunOrigin {
  const recipe = recipeOf(command);
  const paper = /(?:^|\/)papers\/([^/]+)\//.exec(recipe ?? '')?.[1] ?? null;
  return { parent: parentOf(folder, options['model_name_or_path']), paper, recipe };
}

function recipeOf([program = '', ...words]: readonly string[]): string | null {
  const at = words.findIndex((word) => word === '--config' || word.startsWith('--config='));
  const config = words[at]?.includes('=') ? words[at]!.slice('--config='.length) : words[at + 1];
  if (at >= 0 && config !== undefined) return config;
  if (/(?:^|\/)laurel(?:\.mjs)?$/.test(program) || program.includes('/node_modules/')) return null;
  const shown = relative(process.cwd(), program);
  return program === '' ? null : shown.startsWith('..') ? program : shown;
}

/** A model folder's run: the folder itself, or two levels up from `run/checkpoints/checkpoint-N`. */
function parentOf(folder: string, model: unknown): string | null {
  if (typeof model !== 'string' || !existsSync(model)) return null;
  const path = realpathSync(model);
  const run = [path, dirname(dirname(path))].find(isRunFolder);
  if (run === undefined) return null;
  const isSibling = existsSync(folder) && dirname(realpathSync(folder)) === dirname(run);
  return isSibling ? basename(run) : resolve(run);
}
