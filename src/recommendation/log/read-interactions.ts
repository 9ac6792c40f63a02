import { inspect } from 'node:util';
import type { Columns } from '../../types.ts';
import type { Interaction } from '../types.ts';
import { type Finding, FindingCounter } from './finding.ts';
import type { InteractionLog } from './interaction-log.ts';
import { type FoundLogColumns, findLogColumns, type LogColumns } from './log-columns.ts';
import { parseTime } from './parse-time.ts';
import { isKey } from './read-inter-json.ts';
import { atLine, readRows } from './read-rows.ts';

/**
 * Reads a log of one event a row. Rows that cannot be read, that lack a user or an item, or whose time is no time where
 * the log has a column of times, are left out and counted.
 * @throws DataError where the file as a whole cannot be read, or its columns cannot be told.
 */
export async function readInteractions(
  file: string,
  asked: LogColumns = {},
): Promise<InteractionLog> {
  const malformed = new FindingCounter('malformed_rows', 'rows that could not be read, left out');
  const untimed = new FindingCounter(
    'events_without_time',
    'events whose time is missing or neither a number nor a date, left out',
  );
  const interactions: Interaction[] = [];
  let columns: FoundLogColumns | undefined;
  let rows = 0;
  for await (const result of readRows(file)) {
    rows += 1;
    if (result.error) {
      malformed.add(() => result.error.message);
      continue;
    }
    columns ??= findLogColumns(file, result.columns, asked);
    const event = toInteraction(result.columns, columns);
    const where = (problem: string) => atLine(file, result.line, problem);
    if (typeof event === 'string') malformed.add(() => where(event));
    else if (event.time === undefined)
      untimed.add(() => where(`${columns!.time} is ${quoted(result.columns, columns!.time!)}`));
    else interactions.push({ ...event, time: event.time });
  }
  const findings = [
    ...(columns === undefined ? [] : [rowsRead(rows, columns)]),
    ...malformed.findings(),
    ...untimed.findings(),
  ];
  return { interactions, order: 'log', findings };
}

interface ReadEvent extends Omit<Interaction, 'time'> {
  /** Null without a column of times; undefined where it is none. */
  readonly time: number | null | undefined;
}

/** @returns what is wrong, where a user or an item is missing. */
function toInteraction(row: Columns, columns: FoundLogColumns): ReadEvent | string {
  const [user, item] = [row[columns.user], row[columns.item]];
  if (!isName(user)) return `${columns.user} is ${quoted(row, columns.user)}, expected a user`;
  if (!isName(item)) return `${columns.item} is ${quoted(row, columns.item)}, expected an item`;
  const time = columns.time === undefined ? null : parseTime(row[columns.time]);
  return { user: String(user).trim(), item: String(item).trim(), time };
}

const isName = (value: unknown): boolean =>
  typeof value === 'bigint' || (isKey(value) && String(value).trim() !== '');

const quoted = (row: Columns, column: string): string =>
  inspect(row[column], { depth: 1, breakLength: Number.POSITIVE_INFINITY }).slice(0, 60);

function rowsRead(count: number, { user, item, time }: FoundLogColumns): Finding {
  const times =
    time === undefined
      ? 'the order of the file for want of a column of times'
      : `times from ${JSON.stringify(time)}`;
  const text = `rows read: users from ${JSON.stringify(user)}, items from ${JSON.stringify(item)}, ${times}`;
  return { name: 'rows_read', count, text, examples: [] };
}
