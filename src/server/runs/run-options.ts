import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { DataError } from '../../errors.ts';
import { Recent } from '../recent.ts';

type Options = Readonly<Record<string, unknown>>;

const known = new Recent<Options>(1000);

/** A run's options as its `config.yaml` has them; empty where there is none. Kept while the file stays as it is. */
export function readOptions(folder: string): Options {
  const file = join(folder, 'config.yaml');
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) return {};
  return known.get(`${file} ${found.ino} ${found.mtimeMs} ${found.size}`, () => read(file));
}

function read(file: string): Options {
  try {
    return (parse(readFileSync(file, 'utf8')) as Record<string, unknown> | null) ?? {};
  } catch (cause) {
    throw new DataError(`is not valid YAML: ${(cause as Error).message}`, { file, cause });
  }
}
