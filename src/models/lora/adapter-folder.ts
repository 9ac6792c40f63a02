import { existsSync, mkdirSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { CheckpointError } from '../../errors.ts';
import {
  readSafetensors,
  type SafetensorsFile,
  tidy,
  writeSafetensors,
} from '../../tensor/index.ts';
import { readJson, writeJson } from '../json-file.ts';
import { parameterTable } from '../parameter-table.ts';
import type { Model } from '../weights.ts';
import {
  adapterConfigName,
  formatAdapterConfig,
  parseAdapterConfig,
  rankAndAlpha,
} from './adapter-config.ts';
import { adapterNames, trainableParameters } from './adapter-parameters.ts';
import { type LoraAdapter, type LoraConfig, scalingOf } from './adapters.ts';
import { adapterDtype, adapterLeaf, adaptersByLayer, freeze } from './add-adapters.ts';
import { type ProjectionModule, projectionModules } from './target-modules.ts';

const weightsName = 'adapter_model.safetensors';

/** Whether a folder holds adapters and not a whole model. */
export const isAdapterFolder = (folder: string): boolean =>
  existsSync(join(folder, adapterConfigName)) &&
  !existsSync(join(folder, 'model.safetensors')) &&
  !existsSync(join(folder, 'model.safetensors.index.json'));

/** Reads the description of the adapters in a folder. @throws CheckpointError when it is missing or not LoRA's. */
export function readAdapterConfig(folder: string): LoraConfig {
  const file = join(folder, adapterConfigName);
  return parseAdapterConfig(readJson(file), file);
}

/**
 * The folder of the weights below an adapter folder, from its base_model_name_or_path: as it is written, else from the
 * adapters' folder.
 * @returns undefined when it is not on this disk.
 */
export function findBaseFolder(folder: string): string | undefined {
  const { baseModel } = readAdapterConfig(folder);
  const candidates =
    baseModel === null
      ? []
      : isAbsolute(baseModel)
        ? [baseModel]
        : [resolve(baseModel), resolve(folder, baseModel), resolve(dirname(folder), baseModel)];
  return candidates.find(
    (candidate) => existsSync(join(candidate, 'config.json')) || isAdapterFolder(candidate),
  );
}

/** As `findBaseFolder`. @throws CheckpointError when it is not on this disk. */
export function baseFolderOf(folder: string): string {
  const found = findBaseFolder(folder);
  if (found !== undefined) return found;
  const { baseModel } = readAdapterConfig(folder);
  throw new CheckpointError(
    `${join(folder, adapterConfigName)}: base_model_name_or_path ${JSON.stringify(baseModel)} is no model folder here; download that model and write its folder there`,
  );
}

/** The matrices of an adapter folder. */
export const adapterFile = (folder: string): SafetensorsFile =>
  readSafetensors(join(folder, weightsName));

/** Saves a model's adapters in PEFT's format; the weights below are not written. */
export function saveAdapters(folder: string, model: Model): void {
  mkdirSync(folder, { recursive: true });
  writeSafetensors(join(folder, weightsName), trainableParameters(model));
  writeJson(join(folder, adapterConfigName), formatAdapterConfig(model.adapters!.config));
}

/** The modules that a file has matrices for. @throws CheckpointError when it holds anything else. */
function modulesIn(
  file: SafetensorsFile,
  modules: readonly ProjectionModule[],
  where: string,
): ProjectionModule[] {
  const names = new Set(file.names);
  const found = modules.filter(({ name }) => names.has(adapterNames(name).loraA));
  for (const { name } of found) {
    const { loraA, loraB } = adapterNames(name);
    if (!names.delete(loraB)) throw new CheckpointError(`${where}: ${loraB} is missing`);
    names.delete(loraA);
  }
  const [unknown] = names;
  if (unknown !== undefined) {
    throw new CheckpointError(
      `${where}: ${unknown} belongs to no projection of the model below; was it trained on another architecture?`,
    );
  }
  if (found.length === 0) throw new CheckpointError(`${where}: holds no adapter`);
  return found;
}

function assertShape(file: SafetensorsFile, name: string, expected: number[], where: string): void {
  const found = file.shape(name);
  if (found.join() === expected.join()) return;
  throw new CheckpointError(
    `${where}: ${name} has shape [${found.join(', ')}], expected [${expected.join(', ')}]`,
  );
}

/**
 * Gives a model the adapters of a folder that PEFT or `saveAdapters` wrote, and freezes its own weights.
 * @throws CheckpointError when they are not LoRA's, or do not fit the model.
 */
export function loadAdapters(
  folder: string,
  base: Model,
  { trainable = true }: { trainable?: boolean | undefined } = {},
): Model {
  const config = readAdapterConfig(folder);
  const where = join(folder, weightsName);
  const file = adapterFile(folder);
  const { dtype: baseDtype, device } = base.weights.embedTokens;
  const kind = { dtype: adapterDtype(baseDtype), device };
  const read = ({ name, entry }: ProjectionModule): LoraAdapter => {
    const { rank, alpha } = rankAndAlpha(config, name);
    const names = adapterNames(name);
    const [out, width] = entry.weight.shape as [number, number];
    assertShape(file, names.loraA, [rank, width], where);
    assertShape(file, names.loraB, [out, rank], where);
    return tidy(() => ({
      loraA: adapterLeaf(file.tensor(names.loraA).to(kind), trainable),
      loraB: adapterLeaf(file.tensor(names.loraB).to(kind), trainable),
      scaling: scalingOf(rank, alpha, config.useRslora),
    }));
  };
  const modules = modulesIn(file, projectionModules(parameterTable(base.config)), where);
  freeze(base);
  return { ...base, adapters: { config, layers: adaptersByLayer(base.config, modules, read) } };
}
