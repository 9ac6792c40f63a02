import type { XAxis } from '../../../src/server/api.ts';

/** What the address of a comparison asks for. */
export interface CompareView {
  readonly runs: readonly number[];
  /** Empty where the address leaves it to the runs: their reward, else their loss. */
  readonly key: string;
  readonly x: XAxis;
  /** Weight of the moving average, in [0, 1). */
  readonly smoothing: number;
  readonly isLog: boolean;
  /** Mean and band over seeds instead of every run. */
  readonly isBanded: boolean;
  readonly form: 'chart' | 'table';
}

/** The horizontal axes, as the pages name them. */
export const axes: readonly (readonly [XAxis, string])[] = [
  ['step', 'Steps'],
  ['tokens', 'Tokens'],
  ['completions', 'Completions'],
  ['time', 'Time'],
];

/** Reads an address; what it does not say, or says wrong, is as usual. */
export function viewOf(query: URLSearchParams): CompareView {
  const ids = (query.get('runs') ?? '').split(',').map(Number);
  return {
    runs: [...new Set(ids)].filter((id) => Number.isInteger(id) && id > 0),
    key: query.get('key') ?? '',
    x: axisOf(query.get('x')),
    smoothing: smoothingOf(query.get('smoothing')),
    isLog: query.get('log') === '1',
    isBanded: query.get('band') === 'seed',
    form: query.get('form') === 'table' ? 'table' : 'chart',
  };
}

/** An axis by its name; steps where there is none of that name. */
export const axisOf = (text: string | null): XAxis =>
  axes.find(([axis]) => axis === text)?.[0] ?? 'step';

/** A weight of the moving average from an address. */
export function smoothingOf(text: string | null): number {
  const weight = Number(text ?? 0);
  return Number.isFinite(weight) ? Math.min(Math.max(weight, 0), 0.99) : 0;
}
