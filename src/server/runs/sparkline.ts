import type { RunStore, StoredRun } from '../../runs/store/index.ts';
import type { RunRow } from '../api.ts';

/** What a run's sparkline shows: the first of these that it logged. */
const shownKeys = ['reward', 'eval_reward', 'loss'] as const;

const MOST_POINTS = 60;
/** More digits than a line a few pixels high can show. */
const DIGITS = 4;

/** The curve beside a run's name. */
export function sparklineOf(
  { id, latest }: StoredRun,
  store: RunStore,
): Pick<RunRow, 'sparkline' | 'sparklineKey'> {
  const key = shownKeys.find((each) => typeof latest[each] === 'number');
  if (key === undefined) return { sparkline: [], sparklineKey: null };
  const [series] = store.series(id, { keys: [key], maxPoints: MOST_POINTS });
  const sparkline = (series?.y ?? []).map((value) => Number(value.toPrecision(DIGITS)));
  return { sparkline, sparklineKey: key };
}
