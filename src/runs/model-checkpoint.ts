import { join } from 'node:path';
import {
  type Checkpoint,
  findCheckpoint,
  listCheckpoints,
} from '../checkpoints/find-checkpoint.ts';
import { readRunRecord } from './run-record.ts';

/**
 * The checkpoint that is a run's model: the one its last attempt ended with where that is an earlier one, else the newest.
 * @throws CheckpointError when there is none; DataError when `run.json` cannot be read.
 */
export function modelCheckpoint(folder: string): Checkpoint {
  const best = readRunRecord(folder).attempts.at(-1)?.bestStep;
  const saved = listCheckpoints(join(folder, 'checkpoints'));
  return saved.find(({ step }) => step === best) ?? findCheckpoint(folder);
}
