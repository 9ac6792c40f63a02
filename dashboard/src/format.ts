/** Numbers, times and sizes as people read them. Everything is in English, like the pages. */

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const compactFormat = new Intl.NumberFormat('en', {
  notation: 'compact',
  maximumSignificantDigits: 3,
});
const dateFormat = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

/** What stands where there is no value. */
export const nothing = '–';

/** Four significant digits: `0.01234`, `1,234`, `1.2e-7`. */
export function formatNumber(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return nothing;
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (size >= 1e9 || size < 1e-4) return minus(trimZeros(value.toExponential(2)));
  if (Number.isInteger(value) || size >= 10_000) return minus(grouped.format(value));
  return minus(trimZeros(value.toPrecision(4)));
}

const trimZeros = (text: string): string =>
  text.includes('.') ? text.replace(/\.?0+(?=e|$)/, '') : text;

/** A true minus sign is as wide as a digit. */
const minus = (text: string): string => text.replace(/^-/, '−');

/** Three significant digits with a letter: `1.2K`, `34M`. For axes and narrow places. */
export function formatCompact(value: number): string {
  if (value !== 0 && Math.abs(value) < 1) return minus(trimZeros(value.toPrecision(3)));
  return minus(compactFormat.format(value));
}

/** `8 s`, `3 min 20 s`, `2 h 05 min`, `3 d 4 h`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return nothing;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${trimZeros(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
  return `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`;
}

const pad = (value: number): string => String(value).padStart(2, '0');

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Decimal units, as disks and memory are sold: `1.23 GB`. */
export function formatBytes(bytes: number | null): string {
  if (bytes === null) return nothing;
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), byteUnits.length - 1);
  return `${trimZeros((bytes / 1000 ** power).toPrecision(3))} ${byteUnits[power]}`;
}

/** A value with its metric's unit where that says more than the number alone. */
export function formatMetric(value: number | null | undefined, unit: string): string {
  if (value === null || value === undefined) return nothing;
  if (unit === 'bytes') return formatBytes(value);
  if (unit === 's') return formatDuration(value);
  return formatNumber(value);
}

/** `just now`, `5 min ago`, `3 h ago`, `2 d ago`. */
export function formatAge(iso: string, now = Date.now()): string {
  const seconds = (now - Date.parse(iso)) / 1000;
  if (seconds < 45) return 'just now';
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} d ago`;
}

/** `29 Nov 2026, 11:42`. */
export function formatDate(iso: string): string {
  return dateFormat.format(new Date(iso));
}

/** `1 run`, `2 runs`. */
export function count(value: number, noun: string, plural = `${noun}s`): string {
  return `${grouped.format(value)} ${value === 1 ? noun : plural}`;
}
