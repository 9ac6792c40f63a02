import { join } from 'node:path';
import {
  type Checkpoint,
  readTrainerState,
  type TrainerState,
  writeTrainerState,
} from '../checkpoints/index.ts';
import { restoreParameters } from '../models/index.ts';
import { readSafetensors, tidy, writeSafetensors } from '../tensor/index.ts';
import type { LoopLearner } from './training-task.ts';

const optimizerFile = 'optimizer.safetensors';

/** Writes weights, tokenizer, moments and state into a checkpoint that is being saved. */
export function writeTrainingState(
  folder: string,
  { policy, optimizer }: LoopLearner,
  state: TrainerState,
): void {
  policy.save(folder);
  writeSafetensors(join(folder, optimizerFile), optimizer.state().tensors);
  writeTrainerState(folder, {
    ...state,
    laurel: { ...state.laurel, optimizerStep: optimizer.stepCount },
  });
}

/** Copies a checkpoint's weights, or adapters, into the policy, in place. @throws CheckpointError when they do not fit. */
export const restoreWeights = ({ policy }: Pick<LoopLearner, 'policy'>, folder: string): void =>
  'model' in policy ? restoreParameters(policy.model, folder) : policy.restore(folder);

/** Takes up where a checkpoint stands: weights and moments in place, the rest returned. */
export function restoreTrainingState(learner: LoopLearner, { path }: Checkpoint): TrainerState {
  const state = readTrainerState(path);
  restoreWeights(learner, path);
  tidy(() => {
    const file = readSafetensors(join(path, optimizerFile));
    const tensors = new Map(file.names.map((name) => [name, file.tensor(name)]));
    learner.optimizer.load({ step: optimizerStep(state), tensors });
  });
  return state;
}

/** Updates made so far: steps that were not skipped. */
function optimizerStep({ laurel, global_step }: TrainerState): number {
  const { optimizerStep: saved } = laurel as { optimizerStep?: number };
  return saved ?? global_step;
}
