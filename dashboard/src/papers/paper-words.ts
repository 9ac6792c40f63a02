import type { HeadlineView, PaperActivity, PaperView } from '../../../src/server/api.ts';
import { count, formatAge, formatNumber } from '../format.ts';

/** A number with its unit: `−24.42%`, `0.81 nats`. */
export function formatValue(value: number | null, { unit }: Pick<HeadlineView, 'unit'>): string {
  const number = formatNumber(value);
  if (value === null || unit === '') return number;
  return unit === 'percent' ? `${number}%` : `${number} ${unit}`;
}

/** `−30% to −10%, 95% interval over runs; seeds 0, 1, 2` */
export function spreadWords(headline: HeadlineView): string {
  const { spread, seeds } = headline;
  const interval =
    spread === null
      ? []
      : [
          `${formatValue(spread.low, headline)} to ${formatValue(spread.high, headline)}, ${spread.of}`,
        ];
  const drawn =
    seeds.length === 0 ? [] : [`${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}`];
  return [...interval, ...drawn].join('; ');
}

/** `3 runs here, 1 running, the last just now` */
export function activityWords({ runs, running, lastAt }: PaperActivity): string {
  if (runs === 0 || lastAt === null) return 'No runs here yet';
  const now = running === 0 ? [] : [`${running} running`];
  return [`${count(runs, 'run')} here`, ...now, `last ${formatAge(lastAt)}`].join(', ');
}

/** First author and how many more. */
export function authorWords({ authors }: Pick<PaperView, 'authors'>): string {
  const [first = '', ...more] = authors;
  return more.length <= 2 ? authors.join(', ') : `${first} and ${more.length} others`;
}

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** `14 Oct 2025`, whatever the reader's time zone: a date of a paper is no moment. */
export function dateWords(date: string): string {
  const [year, month, day] = date.split('-').map(Number);
  return `${day} ${months[(month ?? 1) - 1]} ${year}`;
}
