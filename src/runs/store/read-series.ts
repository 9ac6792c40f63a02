import { ConfigError } from '../../errors.ts';
import { type Axis, axisOf } from './axis.ts';
import type { Database } from './database.ts';
import { downSample } from './down-sample.ts';
import { readPieces } from './read-pieces.ts';
import type { Series, SeriesRequest } from './stored-run.ts';

/** Points unless a request says otherwise: about one a pixel of a chart. */
const USUAL_POINTS = 600;

/**
 * A run's series, down-sampled. A key that the run never logged gives an empty one, as does an axis that it does not have.
 * @throws ConfigError for fewer than 3 points.
 */
export function readSeries(
  database: Database,
  runId: number,
  { keys, x = 'step', from, to, maxPoints = USUAL_POINTS }: SeriesRequest,
): Series[] {
  if (!(maxPoints >= 3))
    throw new ConfigError(
      `maxPoints: expected at least 3 (first, last, between), found ${maxPoints}`,
    );
  const axis = axisOf(database, runId, x);
  return keys.map((key) => {
    const keyId = database.get('SELECT id FROM metric_keys WHERE name = ?', key)?.[0];
    if (axis === undefined || typeof keyId !== 'number') return { key, x: [], y: [], total: 0 };
    const range = axis.range({
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
    });
    const pieces = readPieces(database, { runId, keyId }, range, maxPoints);
    return { key, ...pointsOf(downSample(pieces, Math.floor(maxPoints)), axis) };
  });
}

function pointsOf(pieces: ReturnType<typeof downSample>, axis: Axis): Omit<Series, 'key'> {
  const total = pieces.reduce((sum, { count }) => sum + count, 0);
  const isMerged = total > pieces.length;
  return {
    x: pieces.map(({ firstStep, lastStep }) => axis.at(Math.floor((firstStep + lastStep) / 2))),
    y: pieces.map(({ mean }) => mean),
    ...(isMerged && {
      min: pieces.map(({ lowest }) => lowest),
      max: pieces.map(({ highest }) => highest),
    }),
    total,
  };
}
