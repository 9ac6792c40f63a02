import { missingColumn } from '../../data/columns.ts';
import { DataError } from '../../errors.ts';
import type { Columns } from '../../types.ts';

/** Columns of a log; where one is not named, the first of the usual names that is there. */
export interface LogColumns {
  readonly user?: string | undefined;
  readonly item?: string | undefined;
  /** Without one, the order of the file counts. */
  readonly time?: string | undefined;
}

/** As names are compared: in small letters, without what stands between words. */
const USUAL = {
  user: ['userid', 'user', 'uid', 'reviewerid', 'customerid', 'visitorid', 'memberid', 'sessionid'],
  item: [
    ...['itemid', 'item', 'iid', 'parentasin', 'asin', 'productid', 'product', 'sku'],
    ...['movieid', 'bookid', 'articleid', 'contentid'],
  ],
  time: [
    ...['timestamp', 'time', 'ts', 'unixreviewtime', 'eventtime', 'datetime', 'date'],
    ...['createdat', 'unixtime'],
  ],
};

/** Columns that were found. */
export interface FoundLogColumns {
  readonly user: string;
  readonly item: string;
  readonly time: string | undefined;
}

/**
 * Finds the columns of a log in its first row.
 * @throws DataError where one that was named is absent, or where none has a usual name of a user or an item.
 */
export function findLogColumns(file: string, row: Columns, asked: LogColumns): FoundLogColumns {
  const names = Object.keys(row);
  const find = (kind: keyof typeof USUAL): string | undefined => {
    const name = asked[kind];
    if (name === undefined) return guess(names, USUAL[kind]);
    if (names.includes(name)) return name;
    throw missingColumn(name, names, file);
  };
  const [user, item, time] = [find('user'), find('item'), find('time')];
  if (user !== undefined && item !== undefined) return { user, item, time };
  const what = user === undefined ? 'user' : 'item';
  throw new DataError(
    `cannot tell which column names the ${what} (such as ${what}_id); it has ${names.join(', ')}; name it with --${what}_column`,
    { file },
  );
}

function guess(names: readonly string[], usual: readonly string[]): string | undefined {
  const plain = names.map((name) => name.toLowerCase().replace(/[^a-z0-9]/g, ''));
  const found = usual.find((name) => plain.includes(name));
  return found === undefined ? undefined : names[plain.indexOf(found)];
}
