import type { Check } from '../../results-record.ts';
import { quantile } from '../../statistics/bootstrap.ts';
import {
  finalAccuracy,
  hasCollapsed,
  mean,
  peakAccuracy,
  startAccuracy,
} from '../analysis/curves.ts';
import { efficiencies } from '../analysis/efficiency.ts';
import type { ControlledRun } from '../study/controlled-runs.ts';
import { runsOfArm, type StudyRun } from '../study/runs.ts';
import { rejectionOf } from './arms-table.ts';
import { meanOf } from './controlled-section.ts';
import { decimals, judge, nameOf, percent, seedsOf } from './wording.ts';

type Found = Omit<Check, 'id' | 'finding' | 'paper' | 'note' | 'plots'>;

const notMeasured = (missing: string): Found => ({
  ours: `not measured: ${missing}`,
  verdict: 'not measured',
});

/** Seeds that a verdict takes; fewer are told, and judged by nobody. */
export const SEEDS_TO_JUDGE = 3;

const judgedBy = (seeds: number, found: Found): Found =>
  seeds >= SEEDS_TO_JUDGE || found.verdict === 'not measured'
    ? found
    : { ours: `${found.ours}. Too few seeds for a verdict`, verdict: 'not measured' };

const average = (runs: readonly StudyRun[], of: (run: StudyRun) => number) =>
  decimals(mean(runs.map(of)));

const ends = (runs: readonly StudyRun[], arm: string): string => {
  const of = runsOfArm(runs, arm);
  return `${nameOf(arm)}: from ${average(of, startAccuracy)} to ${average(of, finalAccuracy)}, peak ${average(of, peakAccuracy)}, ${of.filter(hasCollapsed).length} of ${of.length} runs collapse`;
};

const collapsedShare = (runs: readonly StudyRun[], arm: string): number =>
  mean(runsOfArm(runs, arm).map((run) => Number(hasCollapsed(run))));

const has = (runs: readonly StudyRun[], ...arms: string[]): boolean =>
  arms.every((arm) => runsOfArm(runs, arm).length > 0);

function findRegimes(runs: readonly StudyRun[]): Found {
  const arms = ['grpo-conservative', 'grpo-aggressive'];
  if (!has(runs, ...arms)) return notMeasured('both regimes are needed');
  const steady = runsOfArm(runs, arms[0]!);
  const climbs = mean(steady.map((run) => Number(finalAccuracy(run) > startAccuracy(run) + 0.05)));
  const collapses = collapsedShare(runs, arms[1]!);
  return {
    ours: `${arms.map((arm) => ends(runs, arm)).join('; ')} (${seedsOf(runs)})`,
    verdict: judge(climbs === 1 && collapses > 0.5, climbs > 0.5 && collapses > 0),
  };
}

function findStability(runs: readonly StudyRun[], plain: string, filtered: string): Found {
  if (!has(runs, plain, filtered))
    return notMeasured(`${nameOf(plain)} and ${nameOf(filtered)} are needed`);
  const [without, within] = [collapsedShare(runs, plain), collapsedShare(runs, filtered)];
  const gain =
    mean(runsOfArm(runs, filtered).map(finalAccuracy)) -
    mean(runsOfArm(runs, plain).map(finalAccuracy));
  return {
    ours: `${ends(runs, plain)}; ${ends(runs, filtered)} (${seedsOf(runsOfArm(runs, filtered))})`,
    verdict: judge(
      without > 0.5 && within === 0,
      within < without || (without === 0 && gain > 0.05),
    ),
  };
}

function findEfficiency(runs: readonly StudyRun[]): Found {
  const found = efficiencies(runs, 'capo');
  if (found.length === 0)
    return notMeasured('CAPO and the conservative run of one seed are needed');
  const plain = efficiencies(runs, 'grpo-aggressive');
  const ratios = (list: typeof found) => list.map(({ ratio }) => decimals(ratio, 1)).join(', ');
  const median = quantile(
    found.map(({ ratio }) => ratio),
    0.5,
  );
  return {
    ours: `times sooner than the conservative run where that ends, seed by seed (0: never): CAPO ${ratios(found)}; GRPO in the same regime, unfiltered, ${ratios(plain)} (${seedsOf(found)})`,
    verdict: judge(median >= 10 && found.every(({ ratio }) => ratio > 1), median > 1.5),
  };
}

function findRejection(runs: readonly StudyRun[]): Found {
  const of = runsOfArm(runs, 'capo').map(rejectionOf);
  if (of.length === 0) return notMeasured('no CAPO run yet');
  const [early, most, late] = (['early', 'most', 'late'] as const).map((key) =>
    mean(of.map((each) => each[key])),
  );
  return {
    ours: `${percent(early!, 1)} in the first fifth, ${percent(late!, 1)} in the last, ${percent(most!, 1)} at most in a part as long as a conservative step; means over ${of.length} runs`,
    verdict: judge(
      most! < 0.08 && early! > late! && late! < 0.02,
      most! < 0.08 || (early! > late! && late! < 0.02),
    ),
  };
}

function findCorrelation(controlled: readonly ControlledRun[]): Found {
  const of = (trains: string) =>
    controlled
      .filter((run) => run.trains === trains && run.regime === 'aggressive')
      .flatMap(({ steps }) => steps);
  if (of('all').length === 0) return notMeasured('no controlled run yet');
  const [whole, head] = [of('all'), of('head')].map((steps) =>
    meanOf(steps, ({ policy }) => policy.spearman),
  );
  const own = meanOf(of('head'), ({ ownPolicy }) => ownPolicy.spearman);
  return {
    ours: `Spearman ${decimals(whole!)} with everything trained, ${decimals(head!)} with the head alone; a token’s own step, without the others, ${decimals(own)}; aggressive regime, ${seedsOf(controlled)}`,
    verdict: judge(whole! >= 0.4, whole! >= 0.2),
  };
}

function findBaselines(runs: readonly StudyRun[]): Found {
  const arms = ['kl-penalty', 'tight-clip', 'gradient-clipping', 'lower-rate'].filter((arm) =>
    has(runs, arm),
  );
  if (arms.length === 0 || !has(runs, 'capo')) return notMeasured('no baseline run yet');
  const capo = mean(runsOfArm(runs, 'capo').map(finalAccuracy));
  const others = arms.map((arm) => mean(runsOfArm(runs, arm).map(finalAccuracy)));
  return {
    ours: `${['capo', ...arms].map((arm) => ends(runs, arm)).join('; ')} (${seedsOf(runsOfArm(runs, arms[0]!))})`,
    verdict: judge(
      arms.length === 4 && others.every((other) => other < capo),
      others.some((other) => other < capo),
    ),
  };
}

/** The paper's findings, looked for in whatever cells there are. */
export function findChecks(
  { sums, countdown }: { sums: readonly StudyRun[]; countdown: readonly StudyRun[] },
  controlled: readonly ControlledRun[],
): Omit<Check, 'note'>[] {
  const accuracy = ['accuracy.svg'];
  return [
    {
      id: 'regimes',
      finding:
        'Conservative GRPO climbs steadily; with five times the rate and a twelfth of the batch it collapses.',
      paper:
        'from 0.61 to 0.75 at 60,000 completions; peak 0.76 near 3,500 completions, below 0.60 by 5,500',
      ...judgedBy(runsOfArm(sums, 'grpo-aggressive').length, findRegimes(sums)),
      plots: sums.length === 0 ? [] : accuracy,
    },
    {
      id: 'stability',
      finding: 'CAPO does not collapse where GRPO does.',
      paper: '0.79 at 9,600 completions, no collapse',
      ...judgedBy(runsOfArm(sums, 'capo').length, findStability(sums, 'grpo-aggressive', 'capo')),
      plots: sums.length === 0 ? [] : accuracy,
    },
    {
      id: 'sample-efficiency',
      finding: 'CAPO is where the conservative run ends after far fewer completions.',
      paper: '30 times fewer',
      ...judgedBy(efficiencies(sums, 'capo').length, findEfficiency(sums)),
      plots: sums.length === 0 ? [] : accuracy,
    },
    {
      id: 'rejection',
      finding: 'Few tokens are rejected, most of them early.',
      paper: 'at most 7.8%, below 2% after 1,500 completions, none at the end',
      ...judgedBy(runsOfArm(sums, 'capo').length, findRejection(sums)),
      plots: sums.length === 0 ? [] : ['filter.svg'],
    },
    {
      id: 'correlation',
      finding: 'm_F ranks tokens as the KL of the update does.',
      paper: 'Spearman 0.62 (GRPO) and 0.46 (CAPO) by token',
      ...judgedBy(new Set(controlled.map(({ seed }) => seed)).size, findCorrelation(controlled)),
      plots: [],
    },
    {
      id: 'dr-capo',
      finding: 'Dr.CAPO does not collapse where Dr. GRPO does.',
      paper: 'Dr. GRPO: peak 0.75 near 2,000 completions, collapse by 3,500',
      ...judgedBy(
        runsOfArm(sums, 'dr-capo').length,
        findStability(sums, 'dr-grpo-aggressive', 'dr-capo'),
      ),
      plots: has(sums, 'dr-grpo-aggressive') ? ['variants.svg'] : [],
    },
    {
      id: 'reincapo',
      finding: 'ReinCAPO does not collapse where REINFORCE does.',
      paper: 'REINFORCE: peak 0.69 near 2,000 completions, collapse by 3,000',
      ...judgedBy(
        runsOfArm(sums, 'reincapo').length,
        findStability(sums, 'reinforce-aggressive', 'reincapo'),
      ),
      plots: has(sums, 'reinforce-aggressive') ? ['variants.svg'] : [],
    },
    {
      id: 'many-tokens',
      finding: 'CAPO does not collapse where GRPO does, with 11,000 tokens a step instead of 900.',
      paper: 'some 50,000 tokens a step, of which rejected ones are rare',
      ...judgedBy(
        runsOfArm(sums, 'capo-many-tokens-fast').length,
        findStability(sums, 'grpo-many-tokens-fast', 'capo-many-tokens-fast'),
      ),
      plots: [],
    },
    {
      id: 'baselines',
      finding: 'CAPO ends above what one would try instead at the same rate and batch.',
      paper: 'KL penalties and tighter clips do not do as well',
      ...judgedBy(runsOfArm(sums, 'kl-penalty').length, findBaselines(sums)),
      plots: has(sums, 'kl-penalty') ? ['baselines.svg'] : [],
    },
    {
      id: 'second-task',
      finding: 'On a second task CAPO does not collapse where GRPO does.',
      paper: 'other models and test sets, the same picture',
      ...judgedBy(
        runsOfArm(countdown, 'capo').length,
        findStability(countdown, 'grpo-aggressive', 'capo'),
      ),
      plots: countdown.length === 0 ? [] : accuracy,
    },
  ];
}
