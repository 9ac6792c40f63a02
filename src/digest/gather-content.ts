import { metricDefinition } from '../metrics/index.ts';
import type { RunStore, StoredRun } from '../runs/store/index.ts';
import type { Curve, DigestContent, DigestRun, Figure } from './digest-content.ts';
import { endTime } from './ending.ts';
import { placeOf } from './place-of.ts';

/** What a digest reads of the run store. */
export type RunSource = Pick<RunStore, 'runs' | 'series'>;

/** Metrics that tell how a run went, the telling one first; lower is better for those named loss, as in best checkpoints. */
const tellingKeys = [
  'eval_reward',
  'reward',
  'eval_accuracy',
  'accuracy',
  'eval_rewards/accuracies',
  'rewards/accuracies',
  'eval_loss',
  'loss',
] as const;

const mostFigures = 4;
/** Of a mail: each takes about 50 KB. */
const mostPlots = 8;
const mostPoints = 300;

const isLowerBetter = (key: string): boolean => key.endsWith('loss');

/** Gathers what a digest says of some runs. */
export function gatherContent(
  source: RunSource,
  runs: readonly StoredRun[],
  { root, since, now }: { root: string; since: string; now: Date },
): DigestContent {
  const sorted = [...runs].sort((left, right) => endTime(right).localeCompare(endTime(left)));
  return {
    since,
    createdAt: now.toISOString(),
    place: placeOf(root),
    runs: sorted.map((run, index) => describeRun(source, run, index < mostPlots)),
  };
}

function describeRun(source: RunSource, run: StoredRun, draws: boolean): DigestRun {
  const { id, name, folder, trainer, paper, state, reason, step, totalSteps, seed } = run;
  const keys = tellingKeys.filter((key) => typeof run.latest[key] === 'number');
  const curves = curvesOf(source, id, keys, Number.MAX_SAFE_INTEGER);
  const drawn = curves.find(({ points }) => points.length > 1)?.key;
  return {
    ...{ id, name, folder, trainer, paper, reason, step, totalSteps, seed },
    state: state as DigestRun['state'],
    endedAt: endTime(run),
    trainingSeconds: trainingSeconds(source, id, keys),
    figures: curves.slice(0, mostFigures).map(summarize),
    curve: draws && drawn !== undefined ? curvesOf(source, id, [drawn], mostPoints)[0]! : null,
  };
}

function curvesOf(
  source: RunSource,
  runId: number,
  keys: readonly string[],
  maxPoints: number,
): Curve[] {
  return source
    .series(runId, { keys, maxPoints })
    .map(({ key, x, y }) => ({ key, points: x.map((step, at) => [step, y[at]!] as const) }))
    .filter(({ points }) => points.length > 0);
}

function trainingSeconds(source: RunSource, runId: number, keys: readonly string[]): number | null {
  const ends = source
    .series(runId, { keys, x: 'time', maxPoints: 3 })
    .flatMap(({ x }) => x.at(-1) ?? []);
  return ends.length === 0 ? null : Math.max(...ends);
}

function summarize({ key, points }: Curve): Figure {
  const isBetter = (value: number, other: number) =>
    isLowerBetter(key) ? value < other : value > other;
  const [bestStep, best] = points.reduce((so, each) => (isBetter(each[1], so[1]) ? each : so));
  return {
    key,
    unit: metricDefinition(key)?.unit ?? '',
    first: points[0]![1],
    last: points.at(-1)![1],
    best,
    bestStep,
  };
}
