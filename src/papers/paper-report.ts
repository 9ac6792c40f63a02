import { papers } from './list.ts';
import type { Paper } from './paper.ts';
import { arxivUrl } from './paper.ts';
import { type PaperStatus, paperStatus } from './paper-status.ts';
import { papersRoot, readResults } from './read-results.ts';
import type { ResultsRecord } from './results-record.ts';

/** A paper with what was recorded of it. */
export interface PaperReport extends Paper {
  readonly url: string;
  readonly status: PaperStatus;
  /** Null where nothing was recorded. */
  readonly results: ResultsRecord | null;
}

/** Reads a paper's recorded results and says how far its reproduction is. */
export function reportPaper(paper: Paper, root = papersRoot): PaperReport {
  const results = readResults(paper.name, root);
  return {
    ...paper,
    url: arxivUrl(paper),
    status: paperStatus(paper, results),
    results: results ?? null,
  };
}

/** Every paper with what was recorded of it, newest first. */
export const reportPapers = (root = papersRoot): PaperReport[] =>
  papers.map((paper) => reportPaper(paper, root));
