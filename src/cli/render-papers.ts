import type { PaperReport } from '../papers/index.ts';
import type { Headline, ResultsRecord } from '../papers/results-record.ts';
import { wrapText } from './wrap-text.ts';

const columns = 100;

const indented = (content: string, indent = '  '): string[] =>
  wrapText(content, columns - indent.length).map((line) => indent + line);

const unitOf = ({ unit }: Headline): string =>
  unit === '' ? '' : unit === 'percent' ? '%' : ` ${unit}`;

const value = (number: number | null, headline: Headline): string =>
  number === null ? 'none' : `${number}${unitOf(headline)}`;

/** `change of RMSE: −20% here, −24.42% in the paper (−30% to −10%, 95% interval; seeds 0, 1)` */
export function renderHeadline(headline: Headline): string {
  const { name, ours, paper, spread, seeds } = headline;
  const here = ours === null ? 'not measured here' : `${value(ours, headline)} here`;
  const there =
    paper === null ? 'no number in the paper' : `${value(paper, headline)} in the paper`;
  const interval =
    spread === null
      ? []
      : [`${value(spread.low, headline)} to ${value(spread.high, headline)}, ${spread.of}`];
  const drawn = seeds.length === 0 ? [] : [`seeds ${seeds.join(', ')}`];
  const detail = [...interval, ...drawn].join('; ');
  return `${name}: ${here}, ${there}${detail === '' ? '' : ` (${detail})`}`;
}

/** Papers one below the other, each with its claim, its state and the command that runs it. */
export const renderPaperList = (reports: readonly PaperReport[]): string =>
  `${reports.map((report) => entry(report).join('\n')).join('\n\n')}\n`;

const heading = ({ name, status, date, url }: PaperReport): string =>
  `${name.padEnd(11)} ${status.padEnd(18)}  ${date}  ${url}`;

function entry(report: PaperReport): string[] {
  const { title, claim, commands, results } = report;
  return [
    heading(report),
    ...indented(title),
    ...indented(claim),
    ...(results === null ? [] : indented(renderHeadline(results.headline))),
    ...commands.slice(0, 1).map(({ command }) => `  $ ${command}`),
  ];
}

/** All that is known of one paper. */
export function renderPaper(report: PaperReport): string {
  const { title, authors, claim, summary, commands, results } = report;
  const run = commands.flatMap(({ command, does }) => [
    `  $ ${command}`,
    ...indented(does, '    '),
  ]);
  const lines = [
    heading(report),
    '',
    ...indented(title),
    ...indented(authors.join(', ')),
    '',
    ...indented(claim),
    '',
    ...indented(summary),
    '',
    ...(run.length === 0 ? ['  Not implemented yet: no command runs it.'] : run),
    ...(results === null ? [] : ['', ...found(results)]),
  ];
  return `${lines.join('\n')}\n`;
}

function found({ headline, checks, cells, recordedAt }: ResultsRecord): string[] {
  const lines = checks.flatMap(({ finding, verdict, ours }) => [
    ...indented(`${verdict}: ${finding}`),
    ...indented(ours, '    '),
  ]);
  return [
    ...indented(renderHeadline(headline)),
    ...lines,
    `  ${cells.done} of ${cells.planned} cells, recorded ${recordedAt.slice(0, 10)}`,
  ];
}
