import { startCheck } from './bar-checks.ts';
import {
  type Comparison,
  compare,
  type Draft,
  type Split,
  tooFew,
  verdictOf,
} from './comparison.ts';
import { type ArmResult, mean, of, pairs } from './results.ts';
import { points, seedsOf } from './wording.ts';

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

/** On the test alone, as `newComparisons`; beams against samples also on validation. */
const otherStartComparisons: readonly Comparison[] = [
  {
    id: 'other-start',
    finding: 'From a start that knows less, ReRe recommends better than that start.',
    paper: 'not told apart',
    arms: ['rere', 'supervised'],
    splits: BOTH,
  },
  {
    id: 'other-start-new',
    finding: 'From that start, it does so on questions that the start has not learned.',
    paper: 'not told apart',
    arms: ['rere-new', 'supervised'],
  },
  {
    id: 'other-start-above-supervised-new',
    finding: 'From that start, it gains more on these than learning their answers does.',
    paper: 'not told apart',
    arms: ['rere-new', 'supervised-new'],
  },
  {
    id: 'other-start-beam-above-iid',
    finding: 'From that start, groups from beam search lead further than i.i.d. samples.',
    paper: 'direction only: beam search above common and dynamic sampling',
    arms: ['grpo-beam', 'grpo-iid'],
    splits: BOTH,
  },
];

/** What becomes of the findings where the supervised start knows less; the plots do not show that task. */
export const otherStartChecks = (results: readonly ArmResult[]): Draft[] =>
  otherStartComparisons.map((comparison) => ({ ...compare(results, comparison), plots: [] }));

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
