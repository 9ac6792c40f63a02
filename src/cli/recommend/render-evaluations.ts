import type { CutOff, Evaluation } from '../../recommendation/index.ts';

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;

const cell = ({ mean, standardError }: CutOff['ndcg']): string =>
  `${mean.toFixed(4)} ± ${standardError.toFixed(4)}`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((text, column) => (column === 0 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** A measure at every cut-off, a recommender a row. */
const byCutOff = (
  title: string,
  evaluations: readonly Evaluation[],
  show: (at: CutOff) => string,
): string =>
  table(
    [title, ...evaluations[0]!.cutOffs.map(({ k }) => `@${k}`)],
    evaluations.map(({ name, cutOffs }) => [name, ...cutOffs.map(show)]),
  );

/** What could be recommended, to all alike. */
export interface Protocol {
  /** Whether items of a history may be recommended after it. */
  readonly historyItems: 'kept' | 'left-out';
  /** Questions whose answer is in their history. */
  readonly takenTargets: number;
}

function caption(users: number, { historyItems, takenTargets }: Protocol): string {
  const [over, fate] =
    historyItems === 'kept'
      ? ['all items, those of its history among them', '']
      : ['all items except those of its history', ', where nothing finds them'];
  const taken =
    takenTargets === 0 ? '' : `; answers that are in their history: ${takenTargets}${fate}`;
  return `${users} questions, each ranked over ${over}${taken}; ± is the standard error.`;
}

/** Evaluations on the same questions as Markdown tables. */
export function renderEvaluations(evaluations: readonly Evaluation[], protocol: Protocol): string {
  const rest = evaluations.map((each) => [
    each.name,
    percent(each.invalidRate),
    String(each.shortLists),
    each.sharedTargets === null
      ? '–'
      : `${each.sharedTargets} (${percent(each.sharedTargets / each.users)})`,
    each.usersPerSecond.toFixed(0),
  ]);
  return [
    byCutOff('HR', evaluations, ({ hitRate }) => cell(hitRate)),
    byCutOff('NDCG', evaluations, ({ ndcg }) => cell(ndcg)),
    byCutOff('Coverage', evaluations, ({ coverage }) => percent(coverage)),
    byCutOff('Repetition', evaluations, ({ repetition }) => percent(repetition)),
    table(['', 'invalid ids', 'short lists', 'targets that share an id', 'users/s'], rest),
    caption(evaluations[0]!.users, protocol),
    '',
  ].join('\n\n');
}
