import { DataError } from '../errors.ts';
import { readJsonl } from './read-jsonl.ts';
import { readText } from './read-text.ts';
import { isColumns, kindOf, type RowResult } from './row-result.ts';

function lineOf(text: string, error: Error): number | undefined {
  const position = /at position (\d+)/.exec(error.message)?.[1];
  return position === undefined ? undefined : text.slice(0, Number(position)).split('\n').length;
}

/** Reads one JSON array of objects. A file that is one object per line, as the Hub has under `.json`, is read as JSONL. */
export async function* readJson(file: string): AsyncGenerator<RowResult> {
  const text = await readText(file);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    if (text.trimStart().startsWith('{') && /\}\s*\r?\n\s*\{/.test(text)) {
      yield* readJsonl(file);
      return;
    }
    const error = cause as Error;
    const line = lineOf(text, error);
    throw new DataError(`not valid JSON: ${error.message}`, {
      file,
      cause,
      ...(line !== undefined && { line }),
    });
  }
  if (!Array.isArray(value)) {
    const keys = isColumns(value) ? ` with keys ${Object.keys(value).slice(0, 8).join(', ')}` : '';
    throw new DataError(`expected a JSON array of objects, found ${kindOf(value)}${keys}`, {
      file,
    });
  }
  for (const [index, row] of value.entries()) {
    if (isColumns(row)) yield { columns: row };
    else {
      const reason = `expected an object at place ${index} of the array, found ${kindOf(row)}`;
      yield { error: new DataError(reason, { file }) };
    }
  }
}
