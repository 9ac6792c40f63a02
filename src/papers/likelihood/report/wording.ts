import type { Check } from '../../results-record.ts';
import type { Interval } from '../../statistics/bootstrap.ts';
import type { StudyRun } from '../study/runs.ts';

type Verdict = Check['verdict'];

/** With a true minus sign, and none before a zero. */
export function decimals(value: number, digits = 3): string {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace('-', '') : text.replace('-', '−');
}

export const interval = ({ low, high }: Interval, digits = 3): string =>
  `[${decimals(low, digits)}, ${decimals(high, digits)}]`;

export const seedsOf = (runs: readonly StudyRun[]): string =>
  `seeds ${[...new Set(runs.map(({ seed }) => seed))].sort((a, b) => a - b).join(', ')}`;

export const judge = (all: boolean, some: boolean): Verdict =>
  all ? 'appears' : some ? 'partly' : 'does not appear';

export const share = (value: number): string => `${(100 * value).toFixed(0)}%`;
