import type { Headline } from '../../results-record.ts';
import type { CellRecord } from '../../runner/cell.ts';
import { findingsSection, plotsSection } from '../../runner/findings-section.ts';
import type { StudyReport } from '../../runner/reproduction.ts';
import type { PageSection } from '../../runner/results-page.ts';
import { bootstrapInterval, quantile } from '../../statistics/bootstrap.ts';
import { type Efficiency, efficiencies } from '../analysis/efficiency.ts';
import { controlledRunsOf } from '../study/controlled-runs.ts';
import { runsOf, type StudyRun, startsOf } from '../study/runs.ts';
import { armsSection } from './arms-table.ts';
import { findChecks, SEEDS_TO_JUDGE } from './checks.ts';
import { controlledSection } from './controlled-section.ts';
import { notes, reading } from './notes.ts';
import { baselinesPlot, corePlot, filterPlot, variantsPlot } from './plots.ts';
import { decimals } from './wording.ts';

const PAPER_RATIO = 30;

function headlineOf(runs: readonly StudyRun[]): Omit<Headline, 'command'> {
  const found = efficiencies(runs, 'capo');
  const median = (list: readonly Efficiency[]) =>
    quantile(
      list.map(({ ratio }) => ratio),
      0.5,
    );
  return {
    name: 'how many times fewer completions CAPO needs to be where the conservative run ends (median over seeds; 0: never)',
    ours: found.length < SEEDS_TO_JUDGE ? null : Number(median(found).toFixed(1)),
    paper: PAPER_RATIO,
    unit: 'times',
    spread:
      found.length < SEEDS_TO_JUDGE
        ? null
        : { ...bootstrapInterval(found, median), of: '95% bootstrap interval over seeds' },
    seeds: found.map(({ seed }) => seed).sort((a, b) => a - b),
  };
}

function startsSection(records: readonly CellRecord[]): PageSection {
  const rows = ['sums', 'countdown'].flatMap((task) =>
    startsOf(records, task).map(({ seed, steps, accuracy }) => [
      task,
      String(seed),
      String(steps),
      decimals(accuracy),
    ]),
  );
  return {
    heading: 'Starts',
    blocks: [
      {
        text: 'All arms of a seed start from one policy, supervised on solved problems until its sampled answers are right often enough.',
      },
      { table: { head: ['task', 'seed', 'supervised steps', 'held-out accuracy'], rows } },
    ],
  };
}

const tuningSection = (runs: readonly StudyRun[]): PageSection[] =>
  runs.length === 0 ? [] : [armsSection('Bounds tried on the tuning seeds', runs)];

/** What the study says, from whatever cells there are. */
export function reportCapo(records: readonly CellRecord[]): StudyReport {
  const sums = runsOf(records, 'sums');
  const countdown = runsOf(records, 'countdown');
  const controlled = controlledRunsOf(records, 'sums');
  const checks = findChecks({ sums, countdown }, controlled).map((check) => ({
    ...check,
    note: notes[check.id] ?? null,
  }));
  const tasks = [
    ['sums', sums],
    ['Countdown', countdown],
  ] as const;
  const plots = [
    ...(sums.length + countdown.length === 0 ? [] : [corePlot(tasks)]),
    ...(sums.length === 0 ? [] : [filterPlot(sums)]),
    ...variantsPlot(sums),
    ...baselinesPlot(sums),
  ];
  return {
    headline: headlineOf(sums),
    checks,
    plots,
    sections: [
      ...(reading.length === 0
        ? []
        : [{ heading: 'In short', blocks: reading.map((text) => ({ text })) }]),
      findingsSection(checks),
      plotsSection(plots),
      ...tasks.flatMap(([title, runs]) =>
        runs.length === 0 ? [] : [armsSection(`Arms on ${title}`, runs)],
      ),
      ...controlledSection(controlled),
      ...tuningSection(runsOf(records, 'sums', 'tuning')),
      startsSection(records),
    ],
  };
}
