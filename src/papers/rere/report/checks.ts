import type { Check } from '../../results-record.ts';
import { type ArmResult, at, keptAt, mean, of, pairs } from './results.ts';
import { percent, points, seedsOf, signed } from './wording.ts';

type Draft = Omit<Check, 'note'>;

type Split = 'test' | 'valid';

const ndcg = (split: Split) => (result: ArmResult) => at(result[split]!, 10).ndcg;

/** Fewer say nothing of how far seeds differ. */
const SEEDS = 3;

/** All seeds agree: `appears`; their mean does: `partly`. */
function verdictOf(differences: readonly number[], seeds: number): Check['verdict'] {
  if (seeds < SEEDS) return 'not measured';
  if (differences.every((difference) => difference > 0)) return 'appears';
  return mean(differences) > 0 ? 'partly' : 'does not appear';
}

const tooFew = (seeds: number): string =>
  seeds < SEEDS ? `. Fewer than ${SEEDS} seeds, so no verdict` : '';

interface Comparison {
  readonly id: string;
  /** Where NDCG@10 is compared; default: on the test alone. */
  readonly splits?: readonly Split[];
  readonly finding: string;
  readonly paper: string;
  readonly arms: readonly [string, string];
}

/** NDCG@10 of one arm against another's, seed by seed. */
function compare(
  results: readonly ArmResult[],
  { arms, splits = ['test'], ...words }: Comparison,
): Draft {
  const found = splits.map((split) => ({ split, seeds: pairs(results, arms, ndcg(split)) }));
  const describe = ({ split, seeds }: (typeof found)[number]) => {
    const relative = mean(seeds.map(({ difference, base }) => difference / base));
    const each = seeds.map(({ difference }) => signed(difference)).join(', ');
    return `${split === 'test' ? 'on the test' : 'on validation'} ${percent(relative)} (${each})`;
  };
  const { seeds } = found[0]!;
  const texts = found.map(describe).join(', ');
  const differences = found.flatMap((each) => each.seeds.map(({ difference }) => difference));
  return {
    ...words,
    ours:
      seeds.length === 0
        ? 'not computed yet'
        : `NDCG@10 ${texts} (${seedsOf(seeds)})${tooFew(seeds.length)}`,
    verdict: verdictOf(differences, seeds.length),
    plots: splits.length > 1 ? ['ndcg.svg', 'gain.svg'] : ['gain.svg'],
  };
}

const BOTH: readonly Split[] = ['test', 'valid'];

const startComparison: Comparison = {
  id: 'above-start',
  finding: 'Reinforced preference optimisation recommends better than its own supervised start.',
  paper: 'ReRe above all baselines on Toys, Industrial and Yelp (abstract)',
  arms: ['rere', 'supervised'],
  splits: BOTH,
};

const groupComparisons: readonly Comparison[] = [
  {
    id: 'beam-above-iid',
    finding: 'Groups from beam search lead to better recommendations than i.i.d. samples.',
    paper: 'direction only: beam search above common and dynamic sampling',
    arms: ['grpo-beam', 'grpo-iid'],
    splits: BOTH,
  },
  {
    id: 'ranking-above-rule',
    finding: 'The ranking reward leads to better recommendations than right or wrong alone.',
    paper: 'direction only: ranking reward above rule reward',
    arms: ['rere', 'grpo-beam'],
    splits: BOTH,
  },
];

const collaborativeComparison: Comparison = {
  id: 'collaborative-above-start',
  finding: 'Scores of a SASRec as the reward lead to better recommendations than the start’s.',
  paper: 'one of the rewards compared; no figures known',
  arms: ['collaborative-reward', 'supervised'],
};

/** On the test alone: SASRec is chosen by another measure of validation. */
const baselineComparisons: readonly Comparison[] = [
  {
    id: 'above-sasrec',
    finding: 'ReRe recommends better than SASRec, trained on the same split.',
    paper: 'ReRe above all baselines on Toys, Industrial and Yelp (abstract)',
    arms: ['rere', 'sasrec'],
  },
  {
    id: 'ranking-above-collaborative',
    finding:
      'The ranking reward leads to better recommendations than the collaborative one, which asks that SASRec.',
    paper: 'direction only: the ranking reward is the one chosen',
    arms: ['rere', 'collaborative-reward'],
  },
];

/** On the test alone: these arms learn the questions of validation. */
const newComparisons: readonly Comparison[] = [
  {
    id: 'above-start-new',
    finding: 'It does so on questions that the start has not learned.',
    paper: 'not told apart',
    arms: ['rere-new', 'supervised'],
  },
  {
    id: 'above-supervised-new',
    finding: 'On these it gains more than learning their answers under supervision does.',
    paper: 'not told apart',
    arms: ['rere-new', 'supervised-new'],
  },
];

/** Share of groups that teach something. */
function signalCheck(results: readonly ArmResult[]): Draft {
  const signal = ({ groups }: ArmResult) => mean(groups?.['signalRate'] ?? []);
  const both = pairs(results, ['grpo-beam', 'grpo-iid'], signal);
  const shares = (arm: string) =>
    of(results, arm)
      .map((result) => points(signal(result)))
      .join(', ');
  return {
    id: 'signal',
    finding: 'More groups of a beam search have a usable signal than groups of i.i.d. samples.',
    paper: 'i.i.d. samples repeat themselves and miss the target, so that nearly all rewards are 0',
    ours:
      both.length === 0
        ? 'not computed yet'
        : `share of groups whose rewards differ, mean over training: beam search ${shares('grpo-beam')}, i.i.d. ${shares('grpo-iid')} (${seedsOf(both)})${tooFew(both.length)}`,
    verdict: verdictOf(
      both.map(({ difference }) => difference),
      both.length,
    ),
    plots: ['groups.svg'],
  };
}

/** What the project asks of the recommender itself, by the data's published figures. */
export const bars = { hitRate: 0.055, ndcg: 0.029, gain: 0.05 } as const;

/** The supervised start against a published SASRec, so that gains are not over a straw man. */
function startCheck(results: readonly ArmResult[]): Draft {
  const own = of(results, 'supervised');
  const hitRate = mean(own.map(({ test }) => at(test, 10).hitRate));
  const gain = mean(own.map(({ test }) => at(test, 10).ndcg));
  const kept = own.map(({ test }) => keptAt(test, 10));
  const [keptHits, keptGain] = [
    mean(kept.map(({ hitRate: hits }) => hits)),
    mean(kept.map(({ ndcg: gains }) => gains)),
  ];
  const [isHit, isRanked] = [hitRate >= bars.hitRate, gain >= bars.ndcg];
  return {
    id: 'start',
    finding: `The supervised start is a recommender worth improving: HR@10 at least ${bars.hitRate}, NDCG@10 at least ${bars.ndcg} on Amazon Beauty.`,
    paper: 'published on these data: SASRec .0605, .0318; TIGER .0648, .0384',
    ours:
      own.length === 0
        ? 'not computed yet'
        : `HR@10 ${hitRate.toFixed(4)}, NDCG@10 ${gain.toFixed(4)}, full ranking of the test without items of the history (${seedsOf(own)}); with them ${keptHits.toFixed(4)}, ${keptGain.toFixed(4)}`,
    verdict:
      own.length === 0
        ? 'not measured'
        : isHit && isRanked
          ? 'appears'
          : isHit || isRanked
            ? 'partly'
            : 'does not appear',
    plots: ['ndcg.svg'],
  };
}

/** On the test alone, as `newComparisons`; beams against samples also on validation. */
const betterStartComparisons: readonly Comparison[] = [
  {
    id: 'better-start',
    finding: 'From a better start, ReRe still recommends better than that start.',
    paper: 'not told apart',
    arms: ['rere', 'supervised'],
    splits: BOTH,
  },
  {
    id: 'better-start-new',
    finding: 'From that start, it does so on questions that the start has not learned.',
    paper: 'not told apart',
    arms: ['rere-new', 'supervised'],
  },
  {
    id: 'better-start-above-supervised-new',
    finding: 'From that start, it gains more on these than learning their answers does.',
    paper: 'not told apart',
    arms: ['rere-new', 'supervised-new'],
  },
  {
    id: 'better-start-beam-above-iid',
    finding: 'From that start, groups from beam search lead further than i.i.d. samples.',
    paper: 'direction only: beam search above common and dynamic sampling',
    arms: ['grpo-beam', 'grpo-iid'],
    splits: BOTH,
  },
];

/** What becomes of the findings where the supervised start is trained better; the plots do not show that task. */
export const betterStartChecks = (results: readonly ArmResult[]): Draft[] =>
  betterStartComparisons.map((comparison) => ({ ...compare(results, comparison), plots: [] }));

/** Every finding, looked for in the results of one task. */
export function checksOf(results: readonly ArmResult[]): Draft[] {
  const compared = (comparison: Comparison) => compare(results, comparison);
  return [
    startCheck(results),
    compared(startComparison),
    ...newComparisons.map(compared),
    compared(collaborativeComparison),
    signalCheck(results),
    ...groupComparisons.map(compared),
    ...baselineComparisons.map(compared),
  ];
}
