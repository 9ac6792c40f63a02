export { type BestMetricRule, type BestSoFar, bestMetricRule, updateBest } from './best-metric.ts';
export {
  clearTemporaries,
  replaceFile,
  syncPath,
  syncTree,
  writeFileDurably,
} from './durable-files.ts';
export {
  type Checkpoint,
  findCheckpoint,
  latestCheckpoint,
  listCheckpoints,
} from './find-checkpoint.ts';
export { type DamagedCheckpoint, findIntact, type IntactCheckpoint } from './find-intact.ts';
export { type KeepOptions, saveCheckpoint, supersedeCheckpointsAfter } from './save-checkpoint.ts';
export { readTrainerState, type TrainerState, writeTrainerState } from './trainer-state.ts';
