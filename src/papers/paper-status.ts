import type { Paper } from './paper.ts';
import type { ResultsRecord } from './results-record.ts';

/** How far a paper's reproduction is. */
export type PaperStatus = 'not implemented' | 'runs' | 'reproduced in part' | 'reproduced';

/**
 * Follows from what there is, so that nobody can claim more: commands, then recorded results. `reproduced` needs the
 * headline, every planned cell and every check; `reproduced in part` one check that appears, at least partly.
 */
export function paperStatus(
  { commands }: Pick<Paper, 'commands'>,
  results: ResultsRecord | undefined,
): PaperStatus {
  if (commands.length === 0) return 'not implemented';
  if (results === undefined) return 'runs';
  const { headline, checks, cells } = results;
  const isWhole = headline.ours !== null && cells.done >= cells.planned && checks.length > 0;
  if (isWhole && checks.every(({ verdict }) => verdict === 'appears')) return 'reproduced';
  const shows = checks.some(({ verdict }) => verdict === 'appears' || verdict === 'partly');
  return shows ? 'reproduced in part' : 'runs';
}
