import { countData } from '../../recommendation/count-data.ts';
import { type Finding, findingLines } from '../../recommendation/log/finding.ts';
import type { RecommendationData } from '../../recommendation/types.ts';

const grouped = (count: number): string => count.toLocaleString('en-US');

/** What a person should know of a data set: its size, its split, and what was found on the way. */
export function renderPrepared(data: RecommendationData, report: readonly Finding[]): string {
  const { users, items, events, sparsity, train, valid, test } = countData(data);
  const rows = [
    ['users', grouped(users)],
    ['items', grouped(items)],
    ['events', grouped(events)],
    ['sparsity', `${(100 * sparsity).toFixed(2)}%`],
    ['train', `${grouped(train.sequences)} sequences, ${grouped(train.targets)} next items`],
    ['valid', `${grouped(valid)} questions`],
    ['test', `${grouped(test)} questions`],
  ];
  const table = rows.map(([name, value]) => `${name!.padEnd(8)}  ${value}`);
  const found =
    report.length === 0 ? ['Nothing was left out.'] : ['Found:', ...report.flatMap(indented)];
  return `${[data.name, ...table, '', ...found].join('\n')}\n`;
}

const indented = (finding: Finding): string[] => findingLines(finding).map((line) => `  ${line}`);
