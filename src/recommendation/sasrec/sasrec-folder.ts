import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CheckpointError } from '../../errors.ts';
import {
  noGrad,
  readSafetensorsFolder,
  replaceFile,
  tidy,
  writeSafetensorsFolder,
} from '../../tensor/index.ts';
import { buildSasrec, type SasrecModel } from './sasrec-model.ts';
import { type SasrecConfig, sasrecSizes } from './sasrec-options.ts';

const configFile = 'sasrec.json';

const savedConfig = sasrecSizes.fields.required().extend({ numItems: z.int().min(1) });

/** Writes a model into a folder: `sasrec.json` with its sizes and `model.safetensors`. */
export function saveSasrec(folder: string, { config, weights }: SasrecModel): void {
  mkdirSync(folder, { recursive: true });
  writeSafetensorsFolder(folder, weights);
  const json = `${JSON.stringify(config, null, 2)}\n`;
  replaceFile(join(folder, configFile), (write) => write(Buffer.from(json)));
}

/** @throws CheckpointError where the file is missing or is no configuration. */
function readConfig(folder: string): SasrecConfig {
  const file = join(folder, configFile);
  try {
    return savedConfig.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new CheckpointError(
      `${file}: expected the sizes of a SASRec model; found ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** Reads a model that `saveSasrec` wrote. @throws CheckpointError where it is missing or broken. */
export function loadSasrec(
  folder: string,
  options: { readonly trainable?: boolean } = {},
): SasrecModel {
  const file = readSafetensorsFolder(folder);
  const source = (name: string, shape: readonly number[]) => {
    const found = file.tensor(name);
    if (found.shape.join() === shape.join()) return found;
    throw new CheckpointError(
      `${folder}: ${name} is [${found.shape.join(', ')}], expected [${shape.join(', ')}] by ${configFile}`,
    );
  };
  return tidy(() => buildSasrec(readConfig(folder), source, options));
}

/** Copies saved weights into a model, in place. @throws CheckpointError when they are another model's. */
export function restoreSasrec({ config, weights }: SasrecModel, folder: string): void {
  tidy(() => {
    const saved = loadSasrec(folder, { trainable: false });
    const [theirs, ours] = [JSON.stringify(saved.config), JSON.stringify(config)];
    if (theirs !== ours) {
      throw new CheckpointError(`${folder}: holds a SASRec model of ${theirs}, expected ${ours}`);
    }
    noGrad(() => {
      for (const [name, weight] of weights) weight.copy_(saved.weights.get(name)!);
    });
  });
}
