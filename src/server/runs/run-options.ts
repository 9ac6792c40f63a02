import { statSync } from 'node:fs';
import { join } from 'node:path';
import { readYamlFile } from '../../config/index.ts';
import { Recent } from '../recent.ts';

type Options = Readonly<Record<string, unknown>>;

const known = new Recent<Options>(1000);

/** A run's options as its `config.yaml` has them; empty where there is none. Kept while the file stays as it is. */
export function readOptions(folder: string): Options {
  const file = join(folder, 'config.yaml');
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) return {};
  return known.get(`${file} ${found.ino} ${found.mtimeMs} ${found.size}`, () => readYamlFile(file));
}
