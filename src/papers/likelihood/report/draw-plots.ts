import type { StudyReport } from '../../runner/reproduction.ts';
import type { Bend } from '../analysis/bend.ts';
import { withoutNll } from '../analysis/correlations.ts';
import type { MassFall } from '../analysis/mass.ts';
import type { RunTurn } from '../analysis/turns.ts';
import type { Method } from '../study/arms.ts';
import type { StudyRun } from '../study/runs.ts';
import { earlyStopRows } from './early-stop-check.ts';
import * as likelihoodPlots from './likelihood-plots.ts';
import * as trainingPlots from './training-plots.ts';

export type ReportPlot = StudyReport['plots'][number];

/** What the plots show besides the runs themselves. */
export interface Analysed {
  /** Steps between points. */
  readonly every: number;
  readonly bends: Readonly<Record<Method | 'all' | 'ranked', Bend>>;
  /** Of the runs without a likelihood term. */
  readonly plain: ReadonlyMap<Method, Bend>;
  readonly turns: readonly RunTurn[];
  readonly falls: readonly MassFall[];
}

/** Every plot of the generated task. */
export function drawPlots(
  runs: readonly StudyRun[],
  { every, bends, plain, turns, falls }: Analysed,
): ReportPlot[] {
  return [
    {
      file: 'win-over-likelihood.svg',
      title: 'Win probability over likelihood',
      caption: `Four points a run. The dotted upright is the vertex of the quadratic.`,
      svg: likelihoodPlots.bendSvg(runs, every, bends),
    },
    {
      file: 'plane.svg',
      title: 'The plane of likelihood and margin',
      caption: 'Every checkpoint of every run; brighter wins more often.',
      svg: likelihoodPlots.planeSvg(runs),
    },
    {
      file: 'length.svg',
      title: 'Length over likelihood',
      caption: 'Mean length of the completions of held-out prompts.',
      svg: likelihoodPlots.lengthSvg(runs, every),
    },
    {
      file: 'diversity.svg',
      title: 'Cross-input diversity over likelihood',
      caption: 'Expectation-adjusted distinct n-grams, n = 1 … 5, with Vⁿ, at one token budget.',
      svg: likelihoodPlots.diversitySvg(runs, every),
    },
    {
      file: 'indicators.svg',
      title: 'Indicators through training',
      caption: 'Runs without NLL, mean over seeds; a line per strength.',
      svg: trainingPlots.indicatorsSvg(withoutNll(runs)),
    },
    {
      file: 'turns.svg',
      title: 'Turning points',
      caption: 'Turns are read without look-ahead; the peak of win probability with it.',
      svg: trainingPlots.turnsSvg(turns),
    },
    {
      file: 'mass.svg',
      title: 'Fall of the top-10 mass',
      caption: 'Mean over runs; intervals resample runs.',
      svg: trainingPlots.massSvg(falls),
    },
    {
      file: 'nll.svg',
      title: 'Runs with and without NLL',
      caption: 'The curve is the quadratic of the runs without.',
      svg: likelihoodPlots.nllSvg(runs, every, plain),
    },
    {
      file: 'early-stop.svg',
      title: 'Early stopping',
      caption: 'Share of the best win probability of each run that the chosen checkpoint has.',
      svg: trainingPlots.earlyStopSvg(earlyStopRows(runs)),
    },
  ];
}
