import { nothing } from '../format.ts';

/** An option's value in one line: text as it is, numbers without the noise of their last digits, all else as JSON. */
export function showValue(value: unknown): string {
  if (value === undefined || value === null) return nothing;
  if (typeof value === 'number') return String(Number(value.toPrecision(12)));
  return typeof value === 'string' ? value : JSON.stringify(value);
}
