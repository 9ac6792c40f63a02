import type { Headline } from '../../results-record.ts';
import type { CellRecord } from '../../runner/cell.ts';
import { findingsSection, plotsSection } from '../../runner/findings-section.ts';
import type { StudyReport } from '../../runner/reproduction.ts';
import { tigerCheck } from './bar-checks.ts';
import { checksOf, otherStartChecks } from './checks.ts';
import { notes } from './notes.ts';
import { plotsOf } from './plots.ts';
import { type ArmResult, at, mean, pairs, resultsOf } from './results.ts';
import { taskSection } from './tables.ts';

/** The task in which findings are looked for; where it has no cells, the first that has. */
const MAIN = 'beauty';

/** The same from a start that knows less. */
const OTHER_START = 'beauty-wide';

/** The same items with a token each. */
const TOKENS = 'beauty-tokens';

function headlineOf(results: readonly ArmResult[]): Omit<Headline, 'command'> {
  const gains = pairs(results, ['rere-new', 'supervised'], ({ test }) => at(test, 10).ndcg);
  const relative = gains.map(({ difference, base }) => (100 * difference) / base);
  const rounded = (value: number) => Number(value.toFixed(1)) + 0;
  return {
    name: 'NDCG@10 of ReRe over its supervised start, on questions new to it (Amazon Beauty, test)',
    // As for findings: not from fewer than three seeds.
    ours: relative.length < 3 ? null : rounded(mean(relative)),
    paper: null,
    unit: 'percent',
    spread:
      relative.length < 3
        ? null
        : {
            low: rounded(Math.min(...relative)),
            high: rounded(Math.max(...relative)),
            of: 'least and most over seeds',
          },
    seeds: gains.map(({ seed }) => seed).sort((a, b) => a - b),
  };
}

/** What the study says, from whatever cells there are. */
export function reportRere(records: readonly CellRecord[]): StudyReport {
  const all = resultsOf(records);
  const tasks = [...new Set(all.map(({ task }) => task))];
  const of = (task: string | undefined) => all.filter((result) => result.task === task);
  const main = of(tasks.includes(MAIN) ? MAIN : tasks[0]);
  const found = [
    ...checksOf(main),
    ...(tasks.includes(OTHER_START) ? otherStartChecks(of(OTHER_START)) : []),
    ...(tasks.includes(TOKENS) ? [tigerCheck(of(TOKENS))] : []),
  ];
  const checks = found.map((check) => ({ ...check, note: notes[check.id] ?? null }));
  const plots = plotsOf(main);
  return {
    headline: headlineOf(main),
    checks,
    plots,
    sections: [
      findingsSection(checks),
      plotsSection(plots),
      ...tasks.map((task) => taskSection(task, of(task))),
    ],
  };
}
