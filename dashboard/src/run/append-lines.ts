import type { MetricsLine, Series } from '../../../src/server/api.ts';

/** A series over steps with the lines that came in since it was fetched; those it has already are passed over. */
export function appendLines(series: Series, lines: readonly MetricsLine[]): Series {
  const last = series.x.at(-1) ?? Number.NEGATIVE_INFINITY;
  const fresh = lines.filter(({ step, metrics }) => step > last && series.key in metrics);
  if (fresh.length === 0) return series;
  // Null where a value was not finite; the line breaks there.
  const values = fresh.map(({ metrics }) => metrics[series.key] ?? null) as number[];
  return {
    ...series,
    x: [...series.x, ...fresh.map(({ step }) => step)],
    y: [...series.y, ...values],
    ...(series.min && { min: [...series.min, ...values] }),
    ...(series.max && { max: [...series.max, ...values] }),
    total: series.total + fresh.length,
  };
}
