import type { PaperReport } from './paper-report.ts';
import type { Headline } from './results-record.ts';

const number = (value: number | null, { unit }: Headline): string =>
  value === null ? '–' : `${value}${unit === '' ? '' : unit === 'percent' ? '%' : ` ${unit}`}`;

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** What people call it, where its title does not say that. */
const prefix = (shortName: string, title: string): string =>
  title.toLowerCase().includes(shortName.toLowerCase()) ? '' : `${shortName}: `;

/** The papers as a Markdown table, as README.md has it. */
export function renderPapersTable(reports: readonly PaperReport[]): string {
  const rows = reports.map(({ shortName, title, url, status, commands, results }) => {
    const headline = results?.headline;
    const found =
      headline === undefined
        ? '–'
        : `${headline.name}: ${number(headline.ours, headline)} here, ${number(headline.paper, headline)} there`;
    const [first] = commands;
    const run = first === undefined ? '–' : `\`${first.command}\``;
    return [`${prefix(shortName, title)}[${title}](${url})`, status, found, run];
  });
  const head = ['paper', 'state', 'headline, ours and the paper’s', 'run'];
  return [head, head.map(() => '---'), ...rows]
    .map((row) => `| ${row.map(cell).join(' | ')} |\n`)
    .join('');
}
