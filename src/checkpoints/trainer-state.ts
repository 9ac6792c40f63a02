import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CheckpointError } from '../errors.ts';

/** `trainer_state.json`: where training stands, under Transformers' names, and what Laurel needs to go on. */
export interface TrainerState {
  readonly global_step: number;
  readonly max_steps: number;
  readonly epoch: number;
  readonly num_input_tokens_seen: number;
  readonly best_metric: number | null;
  readonly best_global_step: number | null;
  /** Generators, data cursor, pending metrics …, by part; each part reads its own. */
  readonly laurel: Readonly<Record<string, unknown>>;
}

const stateName = 'trainer_state.json';

/** Writes the state into a checkpoint that is being saved. */
export function writeTrainerState(folder: string, state: TrainerState): void {
  writeFileSync(join(folder, stateName), `${JSON.stringify(state)}\n`);
}

/**
 * Reads a checkpoint's state.
 * @throws CheckpointError when it is missing, unreadable or of another shape.
 */
export function readTrainerState(folder: string): TrainerState {
  const file = join(folder, stateName);
  let state: Partial<TrainerState>;
  try {
    state = JSON.parse(readFileSync(file, 'utf8')) as Partial<TrainerState>;
  } catch (cause) {
    throw new CheckpointError(`${file}: cannot be read: ${(cause as Error).message}`, { cause });
  }
  if (typeof state.global_step !== 'number' || typeof state.laurel !== 'object') {
    throw new CheckpointError(
      `${file}: expected global_step and laurel, as Laurel saves them; was it saved by another program?`,
    );
  }
  return state as TrainerState;
}
