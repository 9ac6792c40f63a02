import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { DataError } from '../errors.ts';
import { parseResults, type ResultsRecord } from './results-record.ts';

/** The papers' folders, here or where set-up copied their results beside the compiled code. */
export const papersRoot = fileURLToPath(new URL('.', import.meta.url));

/** Where a paper's recorded results lie: `results.json`, `results.md` and the plots. */
export const resultsFolder = (name: string, root = papersRoot): string =>
  join(root, name, 'results');

/**
 * What was recorded of a paper; undefined where nothing was.
 * @throws DataError when the record cannot be read.
 */
export function readResults(name: string, root = papersRoot): ResultsRecord | undefined {
  const file = join(resultsFolder(name, root), 'results.json');
  if (!existsSync(file)) return undefined;
  try {
    return parseResults(readFileSync(file, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
    throw new DataError(`is not a record of results: ${reason}`, { file, cause });
  }
}
