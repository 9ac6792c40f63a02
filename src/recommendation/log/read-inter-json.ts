import { kindOf } from '../../data/row-result.ts';
import type { Interaction } from '../types.ts';
import { FindingCounter } from './finding.ts';
import type { InteractionLog } from './interaction-log.ts';
import { readJsonObject } from './json-object.ts';

/** Reads `{"user": [item, …]}`, each user's items oldest first, items as numbers or strings. */
export async function readInterJson(file: string): Promise<InteractionLog> {
  const malformed = new FindingCounter(
    'malformed_rows',
    'users or items that could not be read, left out',
  );
  const interactions: Interaction[] = [];
  for (const [user, items] of Object.entries(await readJsonObject(file))) {
    if (!Array.isArray(items)) {
      malformed.add(
        () => `${file}: user ${user}: expected a list of items, found ${kindOf(items)}`,
      );
      continue;
    }
    for (const [index, item] of items.entries()) {
      if (isKey(item)) interactions.push({ user, item: String(item), time: null });
      else
        malformed.add(
          () => `${file}: user ${user}, place ${index}: expected an item, found ${kindOf(item)}`,
        );
    }
  }
  return { interactions, order: 'user', findings: malformed.findings() };
}

/** Whether a value can name an item or a user. */
export const isKey = (value: unknown): value is string | number =>
  (typeof value === 'string' && value !== '') ||
  (typeof value === 'number' && Number.isFinite(value));
