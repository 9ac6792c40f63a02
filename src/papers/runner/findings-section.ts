import type { Check } from '../results-record.ts';
import type { PageBlock, PageSection } from './results-page.ts';

/** Every finding beside the paper's, and below them why some do not appear. `before` stands above the table. */
export const findingsSection = (
  checks: readonly Check[],
  before: readonly PageBlock[] = [],
): PageSection => ({
  heading: 'Findings',
  blocks: [
    ...before,
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

/** Drawn plots, as a page shows them. */
export const plotsSection = (
  plots: readonly { readonly file: string; readonly title: string; readonly caption: string }[],
): PageSection => ({
  heading: 'Plots',
  blocks: plots.map(({ file, title, caption }) => ({ plot: { file, title, caption } })),
});
