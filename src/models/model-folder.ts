import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CheckpointError } from '../errors.ts';
import {
  type DType,
  readSafetensorsFolder,
  type SafetensorsFolder,
  type Tensor,
  tidy,
  writeSafetensorsFolder,
} from '../tensor/index.ts';
import { type Json, readJson, writeJson } from './json-file.ts';
import {
  baseFolderOf,
  isAdapterFolder,
  loadAdapters,
  saveAdapters,
} from './lora/adapter-folder.ts';
import { formatModelConfig, type ModelConfig, parseModelConfig } from './model-config.ts';
import { type ParameterEntry, parameterEntries, parameterTable } from './parameter-table.ts';
import { buildWeights, type Model, parameters } from './weights.ts';

/**
 * Reads config.json and, where present, generation_config.json, whose end-of-text tokens go first.
 * @throws CheckpointError when config.json is missing or malformed; ConfigError for an unsupported architecture.
 */
export function readModelConfig(folder: string): ModelConfig {
  const file = join(folder, 'config.json');
  const config = parseModelConfig(readJson(file), file);
  const beside = join(folder, 'generation_config.json');
  if (!existsSync(beside)) return config;
  const generation = readJson(beside);
  const eos = generation['eos_token_id'];
  const ids = [eos].flat().filter((id): id is number => Number.isInteger(id));
  return {
    ...config,
    generation,
    eosTokenIds: [...new Set([...ids, ...config.eosTokenIds])],
    padTokenId: config.padTokenId ?? (generation['pad_token_id'] as number | undefined) ?? null,
  };
}

/** Buffers that old checkpoints carry along and that are computed here. */
const isIgnored = (name: string, config: ModelConfig): boolean =>
  name.endsWith('.rotary_emb.inv_freq') || (config.tieWordEmbeddings && name === 'lm_head.weight');

const listSome = (names: readonly string[]): string =>
  `${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`;

/** Compares names and shapes with the architecture's before a single tensor is read. */
function assertComplete(
  folder: string,
  files: SafetensorsFolder,
  config: ModelConfig,
  entries: readonly ParameterEntry[],
): void {
  const found = files.names.filter((name) => !isIgnored(name, config));
  const expected = new Set(entries.map(({ name }) => name));
  const missing = [...expected].filter((name) => !found.includes(name));
  const unexpected = found.filter((name) => !expected.has(name));
  if (missing.length + unexpected.length > 0) {
    const lines = [
      `${folder}: the weights do not match config.json (${config.modelType}): expected ${expected.size} tensors, found ${found.length}`,
      ...(missing.length > 0 ? [`missing: ${listSome(missing)}`] : []),
      ...(unexpected.length > 0 ? [`unexpected: ${listSome(unexpected)}`] : []),
    ];
    throw new CheckpointError(lines.join('\n  '));
  }
  for (const { name, shape } of entries) {
    const stored = files.file(name).shape(name);
    if (stored.join() === shape.join()) continue;
    throw new CheckpointError(
      `${folder}: tensor '${name}' has shape [${stored.join(', ')}], config.json asks for [${shape.join(', ')}]`,
    );
  }
}

function openWeights(folder: string): SafetensorsFolder {
  try {
    return readSafetensorsFolder(folder);
  } catch (cause) {
    if (!existsSync(join(folder, 'pytorch_model.bin'))) throw cause;
    throw new CheckpointError(
      `${folder}: has pytorch_model.bin but no safetensors; convert it with transformers: AutoModelForCausalLM.from_pretrained(…).save_pretrained(…)`,
      { cause },
    );
  }
}

export interface LoadOptions {
  /** Convert to this dtype; default: as saved. */
  dtype?: DType | undefined;
  device?: string | undefined;
  /** Whether parameters record gradients; default true. */
  trainable?: boolean | undefined;
  /** Folder of the weights below an adapter folder; default: its base_model_name_or_path. */
  baseFolder?: string | undefined;
}

/**
 * Loads a Hugging Face folder: config.json, model.safetensors or its shards, generation_config.json; or an adapter
 * folder of PEFT's with the weights below it.
 * @throws CheckpointError when files are missing, truncated or of another architecture; ConfigError when it is not supported.
 */
export function loadModel(folder: string, options: LoadOptions = {}): Model {
  if (isAdapterFolder(folder)) return loadAdapted(folder, options);
  const { device = 'cpu', trainable = true } = options;
  const config = readModelConfig(folder);
  const files = openWeights(folder);
  const entries = parameterEntries(parameterTable(config));
  assertComplete(folder, files, config, entries);
  const dtype = options.dtype ?? files.file(entries[0]!.name).dtype(entries[0]!.name);
  const source = ({ name }: ParameterEntry): Tensor =>
    tidy(() => files.tensor(name).to({ dtype, device }));
  return { config: { ...config, dtype }, weights: buildWeights(config, source, { trainable }) };
}

function loadAdapted(folder: string, { baseFolder, trainable, ...options }: LoadOptions): Model {
  const below = baseFolder ?? baseFolderOf(folder);
  if (isAdapterFolder(below)) {
    throw new CheckpointError(
      `${folder}: its base, ${below}, is an adapter folder too; merge that one (laurel merge) and name the result as base_model_name_or_path`,
    );
  }
  return loadAdapters(folder, loadModel(below, { ...options, trainable: false }), { trainable });
}

function generationConfig({ generation, ...config }: ModelConfig): Json {
  const { eosTokenIds } = config;
  return {
    bos_token_id: config.bosTokenId,
    ...(eosTokenIds.length === 0
      ? {}
      : { eos_token_id: eosTokenIds.length === 1 ? eosTokenIds[0] : eosTokenIds }),
    pad_token_id: config.padTokenId,
    ...generation,
  };
}

export interface SaveOptions {
  /** Weights above this size are split over several files; default 5 GB. */
  maxShardBytes?: number | undefined;
}

/**
 * Saves a folder that transformers 4.x and 5.x load: weights first, then config.json and generation_config.json, each
 * file replaced as a whole. Of a model with adapters, only these are saved, in PEFT's format.
 * @throws CheckpointError when a file cannot be written.
 */
export function saveModel(folder: string, model: Model, { maxShardBytes }: SaveOptions = {}): void {
  if (model.adapters !== undefined) {
    saveAdapters(folder, model);
    return;
  }
  const dtype = model.weights.embedTokens.dtype;
  mkdirSync(folder, { recursive: true });
  tidy(() => writeSafetensorsFolder(folder, parameters(model), { maxShardBytes }));
  writeJson(join(folder, 'config.json'), formatModelConfig({ ...model.config, dtype }));
  if (model.config.output === 'score') return;
  writeJson(join(folder, 'generation_config.json'), generationConfig(model.config));
}
