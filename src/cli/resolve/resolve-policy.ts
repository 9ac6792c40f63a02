import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { findCheckpoint } from '../../checkpoints/index.ts';
import { downloadModel } from '../../data/index.ts';
import { CheckpointError, ConfigError, LaurelError } from '../../errors.ts';
import { Policy } from '../../policy/index.ts';
import { isRunFolder } from '../../runs/index.ts';
import { describeSystem } from '../../tensor/index.ts';
import {
  byteTokenizer,
  chatmlTemplate,
  loadTokenizer,
  type Tokenizer,
} from '../../tokenizers/index.ts';
import type { SftConfig } from '../../trainers/config/index.ts';

/** The options that say which model, where, and with which tokenizer. */
export type PolicyOptions = Pick<
  SftConfig,
  | 'modelNameOrPath'
  | 'modelRevision'
  | 'model'
  | 'tokenizer'
  | 'chatTemplatePath'
  | 'eosToken'
  | 'dtype'
  | 'device'
> & { readonly seed: number };

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

/** The folder of a model: a Hugging Face folder, a run's newest checkpoint, or what the Hub has under the name. */
export async function resolveModelFolder(name: string, revision: string): Promise<string> {
  if (existsSync(join(name, 'config.json'))) return name;
  if (existsSync(name) && isRunFolder(name)) return findCheckpoint(name).path;
  if (existsSync(name)) {
    throw new CheckpointError(
      `${name}: expected a Hugging Face model folder (config.json, model.safetensors) or a run folder, found neither`,
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

function readTemplate(path: string): string {
  const file = statSync(path, { throwIfNoEntry: false })?.isDirectory()
    ? join(path, 'chat_template.jinja')
    : path;
  if (!existsSync(file)) throw new ConfigError(`chat_template_path: no file ${file}`);
  return readFileSync(file, 'utf8');
}

async function resolveTokenizer(
  options: PolicyOptions,
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

/** Loads or makes the policy that a configuration names. */
export async function resolvePolicy(
  options: PolicyOptions,
  { trainable }: { trainable: boolean },
): Promise<Policy> {
  const { modelNameOrPath, modelRevision, model, dtype, seed } = options;
  if (trainable && dtype !== 'float32') {
    throw new ConfigError(
      `dtype: training computes in float32; ${dtype} is for sampling and evaluation. Set dtype to float32.`,
    );
  }
  const device = resolveDevice(options.device);
  if (model !== null) {
    const tokenizer = await resolveTokenizer(options, undefined);
    return Policy.create(model, tokenizer, { seed, dtype, device });
  }
  const folder = await resolveModelFolder(modelNameOrPath!, modelRevision);
  const tokenizer = await resolveTokenizer(options, folder);
  return Policy.load(folder, { dtype, device, trainable, tokenizer });
}
