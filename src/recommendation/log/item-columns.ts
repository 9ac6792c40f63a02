import type { Columns } from '../../types.ts';
import type { ItemText } from './item-table.ts';

/** Columns of an items file; where one is not named, the first of the usual names that is there. */
export interface ItemColumns {
  readonly item?: string | undefined;
  readonly title?: string | undefined;
  /** Joined in this order, a line each. */
  readonly text?: readonly string[] | undefined;
}

export const ITEM_KEY_NAMES = ['item_id', 'item', 'itemId', 'id', 'asin', 'parent_asin', 'key'];
const TITLE_NAMES = ['title', 'name', 'item_title', 'item_name'];
const TEXT_NAMES = [
  'text',
  'description',
  'brand',
  'store',
  'categories',
  'category',
  'genres',
  'features',
];

/** A value as words: a list's entries joined by spaces; nothing where there is none. */
export function wordsOf(value: unknown): string | undefined {
  const text = Array.isArray(value)
    ? value.flatMap((each) => wordsOf(each) ?? []).join(' ')
    : typeof value === 'string' || typeof value === 'number'
      ? String(value)
      : '';
  return text.trim() === '' ? undefined : text.trim();
}

/** What a row says of its item. */
export function itemText(row: Columns, { title, text }: ItemColumns): ItemText {
  const titleColumn = title ?? TITLE_NAMES.find((name) => Object.hasOwn(row, name));
  const columns = text ?? TEXT_NAMES.filter((name) => Object.hasOwn(row, name));
  const lines = columns.flatMap((name) => wordsOf(row[name]) ?? []);
  return {
    title: titleColumn === undefined ? undefined : wordsOf(row[titleColumn]),
    text: lines.length === 0 ? undefined : lines.join('\n'),
  };
}
