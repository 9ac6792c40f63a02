import { readLines } from '../../data/lines.ts';
import { withoutByteOrderMark } from '../../data/read-jsonl.ts';
import type { RowResult } from '../../data/row-result.ts';
import { DataError } from '../../errors.ts';

const TYPES = ['token', 'token_seq', 'float', 'float_seq'] as const;

interface AtomicColumn {
  readonly name: string;
  readonly type: (typeof TYPES)[number];
}

/**
 * Reads one of RecBole's atomic files: values between tabs, a first line of names and types such as `user_id:token`,
 * sequences between spaces. Tokens become strings, floats numbers, sequences lists; an empty value is null.
 */
export async function* readAtomic(file: string): AsyncGenerator<RowResult> {
  let header: readonly AtomicColumn[] | undefined;
  for await (const { number: line, bytes } of readLines(file)) {
    if (header === undefined) {
      header = parseHeader(withoutByteOrderMark(bytes).toString('utf8'), file);
      continue;
    }
    if (bytes.length === 0) continue;
    const row = toRow(header, bytes.toString('utf8').split('\t'));
    yield typeof row === 'string'
      ? { error: new DataError(row, { file, line }) }
      : { columns: row, line };
  }
}

function parseHeader(text: string, file: string): AtomicColumn[] {
  return text.split('\t').map((written) => {
    const [, name, word] = /^(.+):([a-z_]+)$/.exec(written.trim()) ?? [];
    const type = TYPES.find((each) => each === word);
    if (name !== undefined && type !== undefined) return { name, type };
    throw new DataError(
      `expected columns such as user_id:token between tabs, of type ${TYPES.join(', ')}; found ${JSON.stringify(written.slice(0, 60))}`,
      { file, line: 1 },
    );
  });
}

/** @returns what is wrong, where it is no row. */
function toRow(
  header: readonly AtomicColumn[],
  values: readonly string[],
): Record<string, unknown> | string {
  if (values.length !== header.length)
    return `expected ${header.length} values (${header.map(({ name }) => name).join(', ')}), found ${values.length}`;
  const row: Record<string, unknown> = {};
  for (const [index, { name, type }] of header.entries()) {
    const value = toValue(type, values[index]!.trim());
    if (value === undefined)
      return `expected ${name} to be ${type}, found ${JSON.stringify(values[index]!.slice(0, 40))}`;
    row[name] = value;
  }
  return row;
}

/** @returns nothing where a number is none. */
function toValue(type: AtomicColumn['type'], text: string): unknown {
  if (type === 'token') return text === '' ? null : text;
  if (type === 'float') return text === '' ? null : finite(text);
  const parts = text.split(' ').filter((part) => part !== '');
  if (type === 'token_seq') return parts;
  const numbers = parts.map(finite);
  return numbers.includes(undefined) ? undefined : numbers;
}

const finite = (text: string): number | undefined =>
  Number.isFinite(Number(text)) ? Number(text) : undefined;
