import type { Check, Headline } from '../../results-record.ts';
import type { CellRecord } from '../../runner/cell.ts';
import { findingsSection, plotsSection } from '../../runner/findings-section.ts';
import type { StudyReport } from '../../runner/reproduction.ts';
import { type Bend, measureBend } from '../analysis/bend.ts';
import { methods, ofMethod, withoutNll } from '../analysis/correlations.ts';
import { runTurn } from '../analysis/turns.ts';
import type { Method } from '../study/arms.ts';
import { runsOf, type StudyRun } from '../study/runs.ts';
import { drawPlots, type ReportPlot } from './draw-plots.ts';
import { earlyStopCheck } from './early-stop-check.ts';
import { entropyCheck, massCheck, massFalls } from './indicator-checks.ts';
import {
  bendCheck,
  bestCheck,
  diversityCheck,
  lengthCheck,
  nllCheck,
} from './likelihood-checks.ts';
import { notes } from './notes.ts';
import { ratePairs, ratePlot, rateSection } from './rate-section.ts';
import { armsTable, basesTable, realTable, samplesSection } from './tables.ts';
import * as trainingPlots from './training-plots.ts';

const PAPER_CHANGE = -24.42;

/** Steps between the points that fits and correlations read: four a run, as the paper's every 500 of about 1,950. */
const pointEvery = (runs: readonly StudyRun[]): number => {
  const steps = runs[0]!.measurements.map(({ step }) => step);
  const interval = steps[1]! - steps[0]!;
  return interval * Math.max(1, Math.floor((steps.length - 1) / 4));
};

function headlineOf(bend: Bend | undefined, runs: readonly StudyRun[]): Omit<Headline, 'command'> {
  return {
    name: 'RMSE of a quadratic in likelihood against a line (here on runs left out)',
    // Never a negative zero.
    ours: bend === undefined ? null : Number(bend.leftOut.toFixed(1)) + 0,
    paper: PAPER_CHANGE,
    unit: 'percent',
    spread:
      bend === undefined
        ? null
        : { ...bend.leftOutInterval, of: '95% bootstrap interval over runs' },
    seeds: [...new Set(runs.map(({ seed }) => seed))].sort((a, b) => a - b),
  };
}

const enough = (runs: readonly StudyRun[]): boolean =>
  methods.every((method) => ofMethod(runs, method).length >= 2);

function generatedReport(runs: readonly StudyRun[]): {
  checks: Check[];
  plots: ReportPlot[];
  bend: Bend;
} {
  const every = pointEvery(runs);
  const bend = measureBend(runs, every);
  const bends = {
    all: bend,
    ranked: measureBend(runs, every, 'rank'),
    ...(Object.fromEntries(
      methods.map((method) => [method, measureBend(ofMethod(runs, method), every)]),
    ) as Record<Method, Bend>),
  };
  const turns = runs.map(runTurn);
  const falls = massFalls(runs);
  const plain = (['dpo', 'ipo'] as const).map(
    (method) => [method, measureBend(withoutNll(ofMethod(runs, method)), every)] as const,
  );
  const checks = [
    bendCheck(runs, bend, bends.ranked),
    bestCheck(runs),
    lengthCheck(runs, every),
    diversityCheck(runs, every),
    entropyCheck(turns),
    massCheck(runs, falls),
    nllCheck(runs, every),
    earlyStopCheck(runs),
  ];
  const plots = drawPlots(runs, { every, bends, plain: new Map(plain), turns, falls });
  return { checks, plots, bend };
}

/** How many findings there are of each verdict. */
function summaryOf(checks: readonly Check[]): string {
  const verdicts = ['appears', 'partly', 'does not appear', 'not measured'] as const;
  const counts = verdicts.flatMap((verdict) => {
    const count = checks.filter((check) => check.verdict === verdict).length;
    return count === 0 ? [] : [`${verdict}: ${count}`];
  });
  return `Of ${checks.length} findings, at this size, ${counts.join('; ')}. What a verdict takes is fixed in the code that draws this page.`;
}

/** What the study says, from whatever cells there are. */
export function reportLikelihood(records: readonly CellRecord[]): StudyReport {
  const all = runsOf(records, 'generated');
  const runs = all.filter(({ arm }) => arm.rate === undefined);
  const rates = ratePairs(all);
  const real = runsOf(records, 'real');
  const found = enough(runs) ? generatedReport(runs) : undefined;
  const realPlot: ReportPlot[] =
    real.length === 0
      ? []
      : [
          {
            file: 'real.svg',
            title: 'Human preferences',
            caption: 'hh-rlhf, mean over seeds.',
            svg: trainingPlots.realSvg(real),
          },
        ];
  const checks = (found?.checks ?? []).map((check) => ({
    ...check,
    note: notes[check.id] ?? null,
  }));
  const ratePlots = rates.length === 0 ? [] : [ratePlot(rates)];
  const drawn = [...(found?.plots ?? []), ...ratePlots, ...realPlot];
  return {
    headline: headlineOf(found?.bend, runs),
    checks,
    plots: drawn,
    sections: [
      ...(found === undefined
        ? [
            {
              heading: 'Findings',
              blocks: [{ text: 'Too few cells yet: two runs of each method are needed.' }],
            },
          ]
        : [findingsSection(checks, [{ text: summaryOf(checks) }])]),
      plotsSection(drawn),
      ...(rates.length === 0 ? [] : [rateSection(rates)]),
      ...(runs.length === 0 ? [] : [armsTable(runs)]),
      ...(real.length === 0 ? [] : [realTable(real)]),
      ...(runs.length === 0 ? [] : [samplesSection(runs)]),
      basesTable(records),
    ],
  };
}
