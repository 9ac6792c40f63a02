export { databaseName } from './open-database.ts';
export { type Repair, RunStore } from './run-store.ts';
export { StoreError } from './store-error.ts';
export { StoreSink } from './store-sink.ts';
export type {
  MetricsLine,
  RunAnnotations,
  RunChanges,
  RunEvent,
  RunEventKind,
  RunFilter,
  RunState,
  Series,
  SeriesRequest,
  StoredRun,
  XAxis,
} from './stored-run.ts';
