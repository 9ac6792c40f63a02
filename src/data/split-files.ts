import { ConfigError, DataError } from '../errors.ts';

/** Which part of a dataset folder is wanted. */
export interface SplitChoice {
  /** `train`, `test`, `validation` or any other word in file names. Default `train`. */
  readonly split?: string;
  /** The subfolder to take where a dataset has several, which the Hub calls a configuration (`main`, `socratic`). */
  readonly config?: string;
}

/** File name endings that can be read. */
export const DATA_EXTENSIONS = ['jsonl', 'json', 'csv', 'parquet'] as const;

const SYNONYMS: Record<string, readonly string[]> = {
  train: ['train', 'training'],
  test: ['test', 'testing', 'eval', 'evaluation'],
  validation: ['validation', 'valid', 'val', 'dev'],
};
const SHARD = /-(\d{5})-of-(\d{5})(?=\.[a-z]+$)/;
const NOT_DATA = /^(dataset_infos?|package|config|tokenizer.*|index.*)\.json$/;

const splitFolder = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')));
const baseName = (path: string) => path.slice(path.lastIndexOf('/') + 1);

function words(split: string): readonly string[] {
  return Object.values(SYNONYMS).find((synonyms) => synonyms.includes(split)) ?? [split];
}

/** Whether a split's word stands in a name between other than letters: `train`, `gsm8k_train`, `train-00000-of-00002`. */
function names(text: string, split: string): boolean {
  return words(split).some((word) =>
    new RegExp(`(^|[^a-z])${word.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}([^a-z]|$)`, 'i').test(
      text,
    ),
  );
}

/** Splits for which a folder's files are named; for messages. */
function splitsIn(paths: readonly string[]): string[] {
  const found = Object.keys(SYNONYMS).filter((split) => paths.some((path) => names(path, split)));
  return found.length > 0 ? found : paths.map(baseName).slice(0, 20);
}

function checkShards(files: readonly string[], where: string): void {
  const shards = files.map((file) => SHARD.exec(file)).filter((match) => match !== null);
  const total = Number(shards[0]?.[2] ?? 0);
  const present = new Set(shards.map((match) => Number(match[1])));
  const missing = Array.from({ length: total }, (_, index) => index).filter((i) => !present.has(i));
  if (missing.length === 0) return;
  throw new DataError(
    `${where}: part ${missing.slice(0, 5).join(', ')} of ${total} is missing beside ${files[0]}; fetch the dataset again`,
  );
}

/** Files of one folder that hold the split, all of one format. */
function choose(files: readonly string[], split: string, where: string): string[] {
  const kinds = [...new Set(files.map((file) => file.slice(file.lastIndexOf('.') + 1)))];
  if (kinds.length > 1) {
    throw new ConfigError(
      `${where}: split ${JSON.stringify(split)} is there as ${kinds.join(' and ')} (${files.join(', ')}); ` +
        'give the path of the one you mean',
    );
  }
  const sorted = [...files].sort();
  checkShards(sorted, where);
  return sorted;
}

/** Candidate files by the folder that holds them; a folder named for the split belongs to the folder above it. */
function byFolder(paths: readonly string[], split: string): Map<string, string[]> {
  const folders = new Map<string, string[]>();
  for (const path of paths) {
    let folder = splitFolder(path);
    const inSplitFolder = words(split).includes(baseName(folder).toLowerCase());
    if (!inSplitFolder && !names(baseName(path), split)) continue;
    if (inSplitFolder) folder = splitFolder(folder);
    if (baseName(folder) === 'data') folder = splitFolder(folder);
    folders.set(folder, [...(folders.get(folder) ?? []), path]);
  }
  return folders;
}

function isData(path: string): boolean {
  const name = baseName(path);
  const extension = name.slice(name.lastIndexOf('.') + 1);
  return (DATA_EXTENSIONS as readonly string[]).includes(extension) && !NOT_DATA.test(name);
}

/**
 * Picks a split's files from a folder's listing, by the naming the Hub uses: `train.jsonl`, `data/train-00000-of-00002.parquet`,
 * `main/train.csv`, `train/part.json`, or a single file of any name when `train` is wanted.
 * @throws DataError naming the splits there are; ConfigError where several configurations or formats would do.
 */
export function splitFiles(
  paths: readonly string[],
  where: string,
  { split = 'train', config }: SplitChoice = {},
): string[] {
  const all = paths.filter(isData);
  const within =
    config === undefined ? all : all.filter((path) => path.split('/').includes(config));
  if (within.length === 0) {
    const what = config === undefined ? 'no data file' : `no data file of configuration ${config}`;
    const found = paths.slice(0, 20).join(', ') || 'nothing';
    throw new DataError(`${where}: ${what} (.${DATA_EXTENSIONS.join(', .')}) among: ${found}`);
  }
  const folders = byFolder(within, split);
  const top = folders.get('');
  if (top) return choose(top, split, where);
  if (folders.size > 1) {
    throw new ConfigError(
      `${where}: several configurations have a split ${JSON.stringify(split)}: ${[...folders.keys()].join(', ')}; ` +
        'name one as config',
    );
  }
  const [only] = folders.values();
  if (only) return choose(only, split, where);
  const unnamed = within.filter(
    (path) => !Object.keys(SYNONYMS).some((known) => names(path, known)),
  );
  if (within.length === 1 && unnamed.length === 1 && words(split).includes('train')) return within;
  throw new DataError(
    `${where}: no split ${JSON.stringify(split)}; there is ${splitsIn(within).join(', ')}`,
  );
}
