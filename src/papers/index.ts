export { papers } from './list.ts';
export { arxivUrl, type Paper, type PaperCommand } from './paper.ts';
export { type PaperReport, reportPaper, reportPapers } from './paper-report.ts';
export type { PaperStatus } from './paper-status.ts';
export { renderPapersTable } from './papers-table.ts';
export { papersRoot, readResults, resultsFolder } from './read-results.ts';
export { searchPapers } from './search-papers.ts';
