import { createHash } from 'node:crypto';
import { type CellPlan, cellName, type Json } from './cell.ts';

/** JSON with the keys of every object in order, so that equal values have equal texts. */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([key, part]) => `${JSON.stringify(key)}:${canonicalJson(part)}`).join(',')}}`;
}

/**
 * Names for what every cell of a plan computes: another one where its name, its settings or anything it needs is another.
 * @throws TypeError when a cell needs one that is not there or that comes later.
 */
export function cellKeys(cells: readonly CellPlan[]): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  for (const cell of cells) {
    const name = cellName(cell);
    if (keys.has(name)) throw new TypeError(`${name} is planned twice`);
    const needed = cell.needs.map((need) => {
      const key = keys.get(need);
      if (key === undefined)
        throw new TypeError(`${name} needs ${need}, which is not planned before it`);
      return key;
    });
    const text = canonicalJson([name, cell.settings, needed]);
    keys.set(name, createHash('sha256').update(text).digest('hex').slice(0, 16));
  }
  return keys;
}
