import type { MetricsLine } from '../store/stored-run.ts';

/** Quoted where a reader would take it for something else; RFC 4180. */
const cell = (text: string): string =>
  /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** A row for each step, a column for each metric; empty where a line has no value. */
export function metricsCsv(lines: readonly MetricsLine[], keys: readonly string[]): string {
  const rows = lines.map(({ step, time, metrics }) => [
    String(step),
    String(time),
    ...keys.map((key) => String(metrics[key] ?? '')),
  ]);
  return [['step', 'time', ...keys], ...rows].map((row) => `${row.map(cell).join(',')}\n`).join('');
}
