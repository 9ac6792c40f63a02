import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { downloadModel } from '../../data/index.ts';
import { CheckpointError, ConfigError, LaurelError } from '../../errors.ts';
import { findBaseFolder, isAdapterFolder, readAdapterConfig } from '../../models/index.ts';
import { Policy } from '../../policy/index.ts';
import { isRunFolder, modelCheckpoint } from '../../runs/index.ts';
import { describeSystem } from '../../tensor/index.ts';
import {
  byteTokenizer,
  chatmlTemplate,
  loadTokenizer,
  type Tokenizer,
} from '../../tokenizers/index.ts';
import type { SftConfig } from '../../trainers/config/index.ts';

/** The options that say which model, where, and with which tokenizer. */
export type ModelChoice = Pick<
  SftConfig,
  | 'modelNameOrPath'
  | 'modelRevision'
  | 'model'
  | 'tokenizer'
  | 'chatTemplatePath'
  | 'eosToken'
  | 'dtype'
  | 'bf16'
  | 'device'
> & { readonly seed: number };

/** The options that name a policy. */
export type PolicyOptions = ModelChoice & Partial<AdapterChoice>;

/** The options that say which adapters are trained. */
type AdapterChoice = Pick<
  SftConfig,
  'usePeft' | 'loraR' | 'loraAlpha' | 'loraDropout' | 'loraTargetModules' | 'useRslora'
>;

/**
 * The device asked for; for `auto` CUDA where libtorch has it, else the CPU.
 * @throws ConfigError for CUDA where libtorch has none.
 */
export function resolveDevice(device: string): string {
  if (device === 'cpu') return device;
  const { cuda } = describeSystem();
  if (device === 'auto') return cuda ? 'cuda:0' : 'cpu';
  if (cuda) return device;
  throw new ConfigError(`device: ${device}: this libtorch has no CUDA; see docs/setup.md`);
}

/**
 * The folder of a model: a Hugging Face folder, an adapter folder, a run's model (the checkpoint it ended with, or its
 * newest), or what the Hub has under the name.
 */
export async function resolveModelFolder(name: string, revision: string): Promise<string> {
  if (existsSync(join(name, 'config.json')) || isAdapterFolder(name)) return name;
  if (existsSync(name) && isRunFolder(name)) return modelCheckpoint(name).path;
  if (existsSync(name)) {
    throw new CheckpointError(
      `${name}: expected a Hugging Face model folder (config.json, model.safetensors), an adapter folder (adapter_config.json, adapter_model.safetensors) or a run folder, found none of them`,
    );
  }
  if (/^[./~]/.test(name)) throw new CheckpointError(`${name}: no such folder`);
  try {
    return await downloadModel(name, { revision });
  } catch (error) {
    if (!(error instanceof LaurelError)) throw error;
    throw new CheckpointError(`${name}: no such folder on disk; as a Hub name: ${error.message}`, {
      cause: error,
    });
  }
}

/** The folder of the weights below an adapter folder; undefined for a whole model. */
async function resolveBaseFolder(folder: string): Promise<string | undefined> {
  if (!isAdapterFolder(folder)) return undefined;
  const local = findBaseFolder(folder);
  if (local !== undefined) return local;
  const { baseModel, further } = readAdapterConfig(folder);
  const { revision } = further;
  const where = `${folder}: base_model_name_or_path`;
  if (baseModel === null) throw new CheckpointError(`${where} is missing: which model is it for?`);
  try {
    return await resolveModelFolder(baseModel, typeof revision === 'string' ? revision : 'main');
  } catch (error) {
    if (!(error instanceof LaurelError)) throw error;
    throw new CheckpointError(`${where}: ${error.message}`, { cause: error });
  }
}

function readTemplate(path: string): string {
  const file = statSync(path, { throwIfNoEntry: false })?.isDirectory()
    ? join(path, 'chat_template.jinja')
    : path;
  if (!existsSync(file)) throw new ConfigError(`chat_template_path: no file ${file}`);
  return readFileSync(file, 'utf8');
}

/** The tokenizer that the options name, or the model folder's. @throws ConfigError for a new model without one. */
export async function resolveTokenizer(
  options: ModelChoice,
  modelFolder: string | undefined,
): Promise<Tokenizer> {
  const { tokenizer: name, chatTemplatePath, eosToken, modelRevision } = options;
  const chatTemplate = chatTemplatePath === null ? undefined : readTemplate(chatTemplatePath);
  const overrides = { ...(chatTemplate && { chatTemplate }), ...(eosToken && { eosToken }) };
  if (name === 'byte') return byteTokenizer({ chatTemplate: chatmlTemplate, ...overrides });
  const folder = name === null ? modelFolder : await resolveModelFolder(name, modelRevision);
  if (folder === undefined)
    throw new ConfigError(
      'tokenizer: required for a new model: `byte`, or a tokenizer folder or Hub name',
    );
  return loadTokenizer(folder, overrides);
}

/** The number format and device that the options name. */
export const placementOf = ({ bf16, dtype, device }: ModelChoice) => ({
  dtype: bf16 === true ? ('bfloat16' as const) : dtype,
  device: resolveDevice(device),
});

/** Where the weights of a named model lie, those below its adapters, and its tokenizer. */
export async function locateModel(options: ModelChoice) {
  const folder = await resolveModelFolder(options.modelNameOrPath!, options.modelRevision);
  const baseFolder = await resolveBaseFolder(folder);
  const hasTokenizer = baseFolder === undefined || existsSync(join(folder, 'tokenizer.json'));
  const tokenizer = await resolveTokenizer(options, hasTokenizer ? folder : baseFolder);
  return { folder, baseFolder, tokenizer };
}

/** Loads or makes the policy that a configuration names. */
export async function resolvePolicy(
  options: PolicyOptions,
  { trainable }: { trainable: boolean },
): Promise<Policy> {
  const { modelNameOrPath, model, seed } = options;
  const placement = placementOf(options);
  if (model !== null) {
    const tokenizer = await resolveTokenizer(options, undefined);
    return Policy.create(model, tokenizer, { seed, ...placement });
  }
  const { folder, baseFolder, tokenizer } = await locateModel(options);
  const policy = Policy.load(folder, { ...placement, trainable, tokenizer, baseFolder });
  if (options.usePeft !== true || !trainable) return policy;
  const isLocal = existsSync(modelNameOrPath!);
  return policy.withAdapters({
    rank: options.loraR,
    alpha: options.loraAlpha,
    dropout: options.loraDropout,
    targetModules: options.loraTargetModules,
    useRslora: options.useRslora,
    baseModel: isLocal ? resolve(folder) : modelNameOrPath,
    seed,
  });
}
