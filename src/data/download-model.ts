import { DataError } from '../errors.ts';
import { hubEnvironment } from './hub-environment.ts';
import { fetchRepo, type OnDownload } from './hub-repo.ts';
import { type Environment, expandHome, pathKind } from './local-data.ts';

/** Which model files to fetch, and how. */
export interface DownloadModelOptions {
  /** Branch, tag or commit. Default `main`. */
  readonly revision?: string;
  /** Default `process.env`. */
  readonly environment?: Environment;
  readonly onDownload?: OnDownload;
}

const MODEL_FILE =
  /^(?!consolidated|adapter_).*(\.safetensors|\.safetensors\.index\.json)$|^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|chat_template|vocab)\.json$|^(chat_template\.jinja|merges\.txt|tokenizer\.model)$|^additional_chat_templates\/[^/]+\.jinja$/;
const HUB_NAME = /^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/;

function modelFiles(name: string, paths: readonly string[]): string[] {
  const rootOnly = paths.filter((path) => MODEL_FILE.test(path) && !/\/.*\.safetensors/.test(path));
  const has = (pattern: RegExp) => rootOnly.some((path) => pattern.test(path));
  if (has(/^config\.json$/) && has(/\.safetensors$/)) return rootOnly;
  throw new DataError(
    `${name}: expected config.json and .safetensors weights, found ${paths.slice(0, 20).join(', ') || 'nothing'}`,
  );
}

/**
 * The folder of a model given by path or by its name on the Hugging Face Hub: fetches configuration, safetensors weights
 * and tokenizer files into the shared cache, nothing else.
 */
export async function downloadModel(
  name: string,
  { revision = 'main', environment = process.env, onDownload }: DownloadModelOptions = {},
): Promise<string> {
  const path = expandHome(name);
  if (pathKind(path) === 'folder') return path;
  if (!HUB_NAME.test(name)) throw new DataError('no such model folder', { file: name });
  const repo = { type: 'model', name, revision } as const;
  const choose = (paths: readonly string[]) => modelFiles(name, paths);
  const { folder } = await fetchRepo(repo, hubEnvironment(environment), choose, onDownload);
  return folder;
}
