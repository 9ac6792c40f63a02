import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findCheckpoint, listCheckpoints } from '../../checkpoints/index.ts';
import { LaurelError } from '../../errors.ts';
import { isRunFolder } from '../../runs/index.ts';
import { byteTokenizer, loadTokenizer, type Tokenizer } from '../../tokenizers/index.ts';

/** A run's tokenizer, or why there is none. */
export type FoundTokenizer =
  | { readonly tokenizer: Tokenizer; readonly note: null }
  | { readonly tokenizer: undefined; readonly note: string };

interface TokenizerSource {
  readonly runFolder: string;
  /** The run's options, as `config.yaml` has them. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Where it was started: what relative folders in its options start from. */
  readonly workingFolder: string | undefined;
}

/** The tokenizer that a run's policy has: its newest checkpoint's, else the one that its options name on this machine. */
export function findTokenizer({
  runFolder,
  options,
  workingFolder = '.',
}: TokenizerSource): FoundTokenizer {
  const checkpoint = listCheckpoints(join(runFolder, 'checkpoints')).at(-1)?.path;
  if (checkpoint !== undefined && hasTokenizer(checkpoint)) return load(checkpoint);
  const { tokenizer: name, model_name_or_path: model } = options;
  if (name === 'byte') return { tokenizer: byteTokenizer(), note: null };
  const folder = [name, model].find((each) => typeof each === 'string') as string | undefined;
  const place = folder === undefined ? undefined : folderOf(resolve(workingFolder, folder));
  return place === undefined ? { tokenizer: undefined, note: missing(folder) } : load(place);
}

const hasTokenizer = (folder: string): boolean => existsSync(join(folder, 'tokenizer.json'));

function folderOf(folder: string): string | undefined {
  if (hasTokenizer(folder)) return folder;
  try {
    return isRunFolder(folder) ? findCheckpoint(folder).path : undefined;
  } catch (error) {
    if (!(error instanceof LaurelError)) throw error;
    return undefined; // No checkpoint there: the note says that there is no tokenizer.
  }
}

function load(folder: string): FoundTokenizer {
  try {
    return { tokenizer: loadTokenizer(folder), note: null };
  } catch (error) {
    if (!(error instanceof LaurelError)) throw error;
    return { tokenizer: undefined, note: `The tokenizer cannot be read: ${error.message}` };
  }
}

const missing = (name: string | undefined): string =>
  `Tokens are shown by number: the run has no checkpoint with a tokenizer yet${name === undefined ? '' : `, and ${name} is no folder on this machine that has one`}.`;
