import { ConfigError } from '../errors.ts';
import type { Columns } from '../types.ts';

/**
 * A column that a reward compares with, as text.
 * @throws ConfigError where the example has no such column, naming those it has.
 */
export function readColumn(rewardName: string, example: Columns, column: string): string {
  const value = example[column];
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  const columns = Object.keys(example).join(', ') || 'none';
  throw new ConfigError(
    `${rewardName}: expected text or a number in column "${column}", found ${value === null ? 'null' : typeof value} (columns: ${columns})`,
  );
}
