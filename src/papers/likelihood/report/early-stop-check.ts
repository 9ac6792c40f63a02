import { colour } from '../../../runs/svg-parts.ts';
import type { IntervalRow } from '../../plots/interval-svg.ts';
import type { Check } from '../../results-record.ts';
import { bootstrapInterval } from '../../statistics/bootstrap.ts';
import {
  atEnd,
  atStep,
  byIndicators,
  byValidationLoss,
  keptShare,
  type StoppingRule,
} from '../analysis/early-stop.ts';
import type { StudyRun } from '../study/runs.ts';
import { fixedStep } from '../study/settings.ts';
import { decimals, judge } from './wording.ts';

const rules: readonly (readonly [name: string, rule: StoppingRule])[] = [
  ['indicators', byIndicators],
  [`step ${fixedStep} in every run`, atStep(fixedStep)],
  ['least validation loss', byValidationLoss],
  ['no early stop', atEnd],
];

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** What each rule keeps, a row for the plot. */
export const earlyStopRows = (runs: readonly StudyRun[]): IntervalRow[] =>
  rules.map(([name, rule], i) => {
    const single = runs.map((run) => keptShare(run, rule));
    return {
      name,
      value: mean(single),
      ...bootstrapInterval(single, mean),
      single,
      colour: colour(i),
    };
  });

const percent = (value: number): string => `${decimals(100 * value, 1)}%`;

/** Early stopping by the indicators against other rules. */
export function earlyStopCheck(runs: readonly StudyRun[]): Check {
  const rows = earlyStopRows(runs);
  const [indicators, ...others] = rows;
  const difference = (rule: StoppingRule) => {
    const each = runs.map((run) => keptShare(run, byIndicators) - keptShare(run, rule));
    return { value: mean(each), ...bootstrapInterval(each, mean) };
  };
  const differences = rules.slice(1).map(([name, rule]) => ({ name, ...difference(rule) }));
  const beats = differences.map(({ low }) => low > 0);
  const seeds = [...new Set(runs.map(({ seed }) => seed))].sort((a, b) => a - b).join(', ');
  const kept = [indicators!, ...others].map(
    ({ name, value, low, high }) => `${name} ${percent(value)} [${percent(low)}, ${percent(high)}]`,
  );
  const gains = differences.map(
    ({ name, value, low, high }) =>
      `${percent(value)} [${percent(low)}, ${percent(high)}] over ${name}`,
  );
  return {
    id: 'early-stop',
    finding: 'Stopping by the indicators keeps most of the best achievable win probability.',
    paper: 'proposed, not measured',
    ours: `share kept, mean over ${runs.length} runs: ${kept.join(', ')}; the indicators' gain: ${gains.join(', ')} (seeds ${seeds}; rules fixed on seeds 100 and up)`.replaceAll(
      '-',
      '−',
    ),
    verdict: judge(beats.every(Boolean), beats.some(Boolean)),
    note: null,
    plots: ['early-stop.svg'],
  };
}
