import type { Check, Headline } from '../../results-record.ts';
import type { CellRecord } from '../../runner/cell.ts';
import type { StudyReport } from '../../runner/reproduction.ts';
import type { PageSection } from '../../runner/results-page.ts';
import { type Bend, measureBend } from '../analysis/bend.ts';
import { methods, ofMethod, withoutNll } from '../analysis/correlations.ts';
import { runTurn } from '../analysis/turns.ts';
import type { Method } from '../study/arms.ts';
import { runsOf, type StudyRun } from '../study/runs.ts';
import {
  bendCheck,
  bestCheck,
  diversityCheck,
  entropyCheck,
  lengthCheck,
  massCheck,
  massFalls,
  nllCheck,
} from './checks.ts';
import { earlyStopCheck, earlyStopRows } from './early-stop-check.ts';
import { notes } from './notes.ts';
import * as plots from './plots.ts';
import { armsTable, basesTable, realTable, samplesSection } from './tables.ts';

const PAPER_CHANGE = -24.42;

/** Steps between the points that fits and correlations read: four a run, as the paper's every 500 of about 1,950. */
const pointEvery = (runs: readonly StudyRun[]): number => {
  const steps = runs[0]!.measurements.map(({ step }) => step);
  const interval = steps[1]! - steps[0]!;
  return interval * Math.max(1, Math.floor((steps.length - 1) / 4));
};

function headlineOf(bend: Bend | undefined, runs: readonly StudyRun[]): Omit<Headline, 'command'> {
  return {
    name: 'error of a quadratic in likelihood against a line (ours: run left out; paper: in sample)',
    ours: bend === undefined ? null : Number(bend.leftOut.toFixed(1)),
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

type ReportPlot = StudyReport['plots'][number];

function generatedReport(runs: readonly StudyRun[]): {
  checks: Check[];
  plots: ReportPlot[];
  bend: Bend;
} {
  const every = pointEvery(runs);
  const bend = measureBend(runs, every);
  const bends = {
    all: bend,
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
    bendCheck(runs, bend),
    bestCheck(runs),
    lengthCheck(runs, every),
    diversityCheck(runs, every),
    entropyCheck(turns),
    massCheck(runs, falls),
    nllCheck(runs, every),
    earlyStopCheck(runs),
  ];
  const drawn: ReportPlot[] = [
    {
      file: 'win-over-likelihood.svg',
      title: 'Win probability over likelihood',
      caption: `Four points a run. The dotted upright is the vertex of the quadratic.`,
      svg: plots.bendSvg(runs, every, bends),
    },
    {
      file: 'plane.svg',
      title: 'The plane of likelihood and margin',
      caption: 'Every checkpoint of every run; brighter wins more often.',
      svg: plots.planeSvg(runs),
    },
    {
      file: 'length.svg',
      title: 'Length over likelihood',
      caption: 'Mean length of the completions of held-out prompts.',
      svg: plots.lengthSvg(runs, every),
    },
    {
      file: 'diversity.svg',
      title: 'Cross-input diversity over likelihood',
      caption: 'Expectation-adjusted distinct n-grams, n = 1 … 5, with Vⁿ, at one token budget.',
      svg: plots.diversitySvg(runs, every),
    },
    {
      file: 'indicators.svg',
      title: 'Indicators through training',
      caption: 'Runs without NLL, mean over seeds; a line per strength.',
      svg: plots.indicatorsSvg(withoutNll(runs)),
    },
    {
      file: 'turns.svg',
      title: 'Turning points',
      caption: 'Turns are read without look-ahead; the peak of win probability with it.',
      svg: plots.turnsSvg(turns),
    },
    {
      file: 'mass.svg',
      title: 'Fall of the top-10 mass',
      caption: 'Mean over runs; intervals resample runs.',
      svg: plots.massSvg(falls),
    },
    {
      file: 'nll.svg',
      title: 'Runs with and without NLL',
      caption: 'The curve is the quadratic of the runs without.',
      svg: plots.nllSvg(runs, every, new Map(plain)),
    },
    {
      file: 'early-stop.svg',
      title: 'Early stopping',
      caption: 'Share of the best win probability of each run that the chosen checkpoint has.',
      svg: plots.earlyStopSvg(earlyStopRows(runs)),
    },
  ];
  return { checks, plots: drawn, bend };
}

const checksSection = (checks: readonly Check[]): PageSection => ({
  heading: 'Findings',
  blocks: [
    {
      table: {
        head: ['finding', 'paper', 'here', 'verdict'],
        rows: checks.map(({ finding, paper, ours, verdict }) => [finding, paper, ours, verdict]),
      },
    },
    ...checks.flatMap(({ finding, note }) =>
      note === null ? [] : [{ text: `**${finding}** ${note}` }],
    ),
  ],
});

const plotsSection = (drawn: readonly ReportPlot[]): PageSection => ({
  heading: 'Plots',
  blocks: drawn.map(({ file, title, caption }) => ({ plot: { file, title, caption } })),
});

/** What the study says, from whatever cells there are. */
export function reportLikelihood(records: readonly CellRecord[]): StudyReport {
  const runs = runsOf(records, 'generated');
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
            svg: plots.realSvg(real),
          },
        ];
  const checks = (found?.checks ?? []).map((check) => ({
    ...check,
    note: notes[check.id] ?? null,
  }));
  const drawn = [...(found?.plots ?? []), ...realPlot];
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
        : [checksSection(checks)]),
      plotsSection(drawn),
      ...(runs.length === 0 ? [] : [armsTable(runs)]),
      ...(real.length === 0 ? [] : [realTable(real)]),
      ...(runs.length === 0 ? [] : [samplesSection(runs)]),
      basesTable(records),
    ],
  };
}
