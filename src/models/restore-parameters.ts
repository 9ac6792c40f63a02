import { CheckpointError } from '../errors.ts';
import { noGrad, type Tensor, tidy } from '../tensor/index.ts';
import { adapterFile, isAdapterFolder, readAdapterConfig } from './lora/adapter-folder.ts';
import { trainableParameters } from './lora/adapter-parameters.ts';
import { loadModel } from './model-folder.ts';
import { type Model, parameters } from './weights.ts';

/** @throws CheckpointError when the same matrices would mean something else. */
function assertSameScaling({ adapters }: Model, folder: string): void {
  const { alpha, useRslora } = adapters!.config;
  const saved = readAdapterConfig(folder);
  if (saved.alpha === alpha && saved.useRslora === useRslora) return;
  throw new CheckpointError(
    `${folder}: its adapters were trained with lora_alpha ${saved.alpha} and use_rslora ${saved.useRslora}, expected ${alpha} and ${useRslora}; set them back to resume`,
  );
}

function savedTensors(model: Model, folder: string): ReadonlyMap<string, Tensor> {
  const [hasAdapters, holdsAdapters] = [model.adapters !== undefined, isAdapterFolder(folder)];
  if (hasAdapters !== holdsAdapters) {
    throw new CheckpointError(
      `${folder}: holds ${holdsAdapters ? 'adapters' : 'whole weights'}, and what is trained are ${hasAdapters ? 'adapters' : 'whole weights'}; set use_peft to ${holdsAdapters} to resume`,
    );
  }
  if (!hasAdapters) {
    const { dtype } = model.weights.embedTokens;
    return parameters(loadModel(folder, { dtype, trainable: false }));
  }
  assertSameScaling(model, folder);
  const file = adapterFile(folder);
  return new Map(file.names.map((name) => [name, file.tensor(name)]));
}

/**
 * Copies what a folder holds into what the model trains, in place: its adapters' matrices where it has adapters, else all
 * of its weights.
 * @throws CheckpointError when they do not fit.
 */
export function restoreParameters(model: Model, folder: string): void {
  tidy(() => {
    const saved = savedTensors(model, folder);
    const own = trainableParameters(model);
    for (const [name, parameter] of own) {
      const value = saved.get(name);
      if (value === undefined || value.shape.join() !== parameter.shape.join()) {
        const found = value === undefined ? 'missing' : `[${value.shape.join(', ')}]`;
        throw new CheckpointError(
          `${folder}: ${name} is ${found} in the checkpoint, expected [${parameter.shape.join(', ')}]; the checkpoint is of another architecture`,
        );
      }
    }
    noGrad(() => {
      for (const [name, parameter] of own) parameter.copy_(saved.get(name)!);
    });
  });
}
