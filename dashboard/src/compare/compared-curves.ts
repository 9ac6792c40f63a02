import type { CompareResponse } from '../../../src/server/api.ts';
import type { Curve } from '../charts/curve.ts';
import { count } from '../format.ts';

/** The curves of a comparison: every run, or a mean for each band with the runs that are in none. */
export function curvesOf(
  { series, bands = [] }: CompareResponse,
  isBanded: boolean,
): readonly Curve[] {
  const single = series.filter(({ runId }) => !isBanded || !inBand(bands, runId));
  const means = isBanded ? bands : [];
  return [
    ...means.map(({ name, x, mean, low, high, seeds }, place) => ({
      id: `band ${name}`,
      name: `${name} (${count(seeds.length, 'seed')})`,
      ...{ x, y: mean, min: low, max: high, colour: place },
    })),
    ...single.map(({ runId, name, x, y, min, max }, place) => ({
      id: `run ${runId}`,
      name,
      ...{ x, y, min, max, colour: means.length + place },
    })),
  ];
}

const inBand = (bands: NonNullable<CompareResponse['bands']>, runId: number): boolean =>
  bands.some(({ runIds }) => runIds.includes(runId));

/** The run that a curve is of; undefined for a band. */
export const runOf = ({ id }: Curve): number | undefined =>
  id.startsWith('run ') ? Number(id.slice('run '.length)) : undefined;
