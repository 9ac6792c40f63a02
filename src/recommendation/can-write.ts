import type { ItemLanguage } from './types.ts';

/** Which items a language can write. */
export function canWrite({
  leftOut = [],
}: Pick<ItemLanguage, 'leftOut'>): (item: number) => boolean {
  const unspoken = new Set(leftOut);
  return (item) => !unspoken.has(item);
}
