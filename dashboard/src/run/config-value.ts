import { nothing } from '../format.ts';

/** An option's value in one line: text as it is, all else as JSON. */
export function showValue(value: unknown): string {
  if (value === undefined || value === null) return nothing;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
