import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CheckpointError } from '../errors.ts';
import type { TokenFilter } from '../policy/index.ts';
import { readSafetensors, tidy, writeSafetensors } from '../tensor/index.ts';

const fileName = 'token-filter.safetensors';

/** Writes what a filter remembers into a checkpoint that is being saved; nothing where there is no filter. */
export function saveTokenFilter(filter: TokenFilter | undefined, folder: string): void {
  if (filter === undefined) return;
  tidy(() => writeSafetensors(join(folder, fileName), new Map(Object.entries(filter.state()))));
}

/** Puts a filter where a checkpoint stands. @throws CheckpointError when the checkpoint was saved without one. */
export function restoreTokenFilter(filter: TokenFilter | undefined, checkpoint: string): void {
  if (filter === undefined) return;
  const path = join(checkpoint, fileName);
  if (!existsSync(path)) {
    throw new CheckpointError(
      `${checkpoint}: was saved without a token filter (${fileName} is missing); resume without token_filter, or start anew from its weights`,
    );
  }
  tidy(() => {
    const file = readSafetensors(path);
    filter.load(Object.fromEntries(file.names.map((name) => [name, file.tensor(name)])));
  });
}
