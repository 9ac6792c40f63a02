import type { Check } from '../../results-record.ts';
import type { Draft } from './comparison.ts';
import { type ArmResult, at, keptAt, mean, of } from './results.ts';
import { seedsOf } from './wording.ts';

/** A recommender's HR@10 and NDCG@10 on the test, all items ranked. */
interface Bars {
  readonly hitRate: number;
  readonly ndcg: number;
}

/** What the project asks of the start, by the data's published figures, and a published one that keeps the history. */
export const bars = {
  start: { hitRate: 0.055, ndcg: 0.029 },
  tiger: { hitRate: 0.0648, ndcg: 0.0384 },
} as const satisfies Readonly<Record<string, Bars>>;

const meanOf = (ranks: readonly Bars[]): Bars => ({
  hitRate: mean(ranks.map(({ hitRate }) => hitRate)),
  ndcg: mean(ranks.map(({ ndcg: gain }) => gain)),
});

/** Both bars in every seed: `appears`; one of them in the mean: `partly`. */
function barVerdict(seeds: readonly Bars[], least: Bars): Check['verdict'] {
  const passed = (found: Bars) => [found.hitRate >= least.hitRate, found.ndcg >= least.ndcg];
  if (seeds.every((found) => passed(found).every(Boolean))) return 'appears';
  return passed(meanOf(seeds)).some(Boolean) ? 'partly' : 'does not appear';
}

const barWords = ({ hitRate, ndcg: gain }: Bars): string =>
  `HR@10 ${hitRate.toFixed(4)}, NDCG@10 ${gain.toFixed(4)}`;

/** The supervised start against figures that others reached, so that gains are not over a straw man. */
function barCheck(
  results: readonly ArmResult[],
  {
    least,
    list,
    ...words
  }: Omit<Draft, 'ours' | 'verdict'> & { least: Bars; list: 'left' | 'kept' },
): Draft {
  const own = of(results, 'supervised');
  if (own.length === 0) return { ...words, ours: 'not computed yet', verdict: 'not measured' };
  const left = own.map(({ test }) => at(test, 10));
  const kept = own.map(({ test }) => keptAt(test, 10));
  return {
    ...words,
    ours: `${barWords(meanOf(left))}, full ranking of the test without items of the history (${seedsOf(own)}); with them ${barWords(meanOf(kept))}`,
    verdict: barVerdict(list === 'left' ? left : kept, least),
  };
}

export const startCheck = (results: readonly ArmResult[]): Draft =>
  barCheck(results, {
    id: 'start',
    finding: `The supervised start is a recommender worth improving: ${barWords(bars.start)} at least on Amazon Beauty.`,
    paper: 'published on these data: SASRec .0605, .0318; TIGER .0648, .0384',
    plots: ['ndcg.svg'],
    least: bars.start,
    list: 'left',
  });

/** A published recommender of this kind, from training data alone. */
export const tigerCheck = (results: readonly ArmResult[]): Draft =>
  barCheck(results, {
    id: 'past-tiger',
    finding:
      'With a token for each item, a decoder passes TIGER’s published figures, the history kept.',
    paper: barWords(bars.tiger),
    plots: [],
    least: bars.tiger,
    list: 'kept',
  });
