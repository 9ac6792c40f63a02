import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { DataError } from '../../errors.ts';

/** A run's options as its `config.yaml` has them; empty where there is none. */
export function readOptions(folder: string): Readonly<Record<string, unknown>> {
  const file = join(folder, 'config.yaml');
  if (!existsSync(file)) return {};
  try {
    return (parse(readFileSync(file, 'utf8')) as Record<string, unknown> | null) ?? {};
  } catch (cause) {
    throw new DataError(`is not valid YAML: ${(cause as Error).message}`, { file, cause });
  }
}
