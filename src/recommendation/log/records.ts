import { existsSync, readFileSync } from 'node:fs';
import type { z } from 'zod';
import { DataError } from '../../errors.ts';

const LINE_END = 0x0a;

/** Records as JSON lines, in bytes: the whole may be longer than a string can be. */
export const recordsText = (records: readonly unknown[]): Buffer =>
  Buffer.concat(records.map((record) => Buffer.from(`${JSON.stringify(record)}\n`)));

/**
 * Reads JSON lines that Laurel wrote, each of one shape.
 * @throws DataError with the line, what is wrong there and where in the record.
 */
export function readRecords<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
): z.infer<Schema>[] {
  if (!existsSync(file))
    throw new DataError('there is no such file; prepare the data again', { file });
  const bytes = readFileSync(file);
  const records: z.infer<Schema>[] = [];
  for (let start = 0, line = 1; start < bytes.length; line += 1) {
    const next = bytes.indexOf(LINE_END, start);
    const end = next === -1 ? bytes.length : next;
    records.push(readRecord(bytes.toString('utf8', start, end), schema, { file, line }));
    start = end + 1;
  }
  return records;
}

function readRecord<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
  at: { file: string; line: number },
): z.infer<Schema> {
  const parsed = schema.safeParse(parseJson(text, at));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue!.path.length === 0 ? '' : ` at ${issue!.path.join('.')}`;
  throw new DataError(`${issue!.message}${where}; prepare the data again`, {
    ...at,
    cause: parsed.error,
  });
}

/** JSON, or a DataError that names the file. */
export function parseJson(text: string, at: { file: string; line?: number }): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DataError(`not valid JSON: ${(cause as Error).message}; prepare the data again`, {
      ...at,
      cause,
    });
  }
}
