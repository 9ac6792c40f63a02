export {
  type CompletionKind,
  type CompletionRecord,
  completionSteps,
  completionsFile,
  cutCompletionsAfter,
  type GroupRecord,
  isTokenStep,
  readCompletions,
  readTokens,
  type TokenColumns,
  tokenSteps,
  tokensFile,
  writeCompletions,
  writeTokens,
} from './completion-store.ts';
export { type CurveChart, type CurveSeries, renderCurveSvg } from './curve-svg.ts';
export { metricsCsv, tensorboardEvents } from './export/index.ts';
export { type GitRevision, gitRevision } from './git-revision.ts';
export { listRuns, type RunStatus, type RunSummary, readRun } from './list-runs.ts';
export { metricSeries } from './metric-series.ts';
export { modelCheckpoint } from './model-checkpoint.ts';
export { appendEvent, cutEventsAfter, type EventRecord, readEvents } from './run-events.ts';
export { createRun, Run, type RunPlace, type RunStart, resumeRun } from './run-folder.ts';
export { RunJournal } from './run-journal.ts';
export {
  type LockOwner,
  localLockOwner,
  lockOwner,
  lockRun,
  RunInUseError,
  type RunLock,
} from './run-lock.ts';
export {
  type Attempt,
  type AttemptOutcome,
  isRunFolder,
  type RunRecord,
  readRunRecord,
  type StatedOrigin,
} from './run-record.ts';
export * from './store/index.ts';
export { readTokenIndex, readTokenRow, type TokenIndex, type TokenRow } from './token-rows.ts';
