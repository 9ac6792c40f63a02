import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Environment, expandHome } from './local-data.ts';

/** How to reach the Hugging Face Hub and where its files are kept, by the variables its own tools read. */
export interface HubEnvironment {
  /** `HF_ENDPOINT`, without a closing slash. */
  readonly endpoint: string;
  /** `HF_TOKEN`, else the token that `hf auth login` left in `HF_HOME`. */
  readonly token: string | undefined;
  /** `HF_HUB_CACHE`, else `HF_HOME/hub`, else `~/.cache/huggingface/hub`. */
  readonly cacheFolder: string;
  /** `HF_HUB_OFFLINE`: use what is in the cache and nothing else. */
  readonly offline: boolean;
}

function storedToken(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch {
    // No file, or none we may read: the Hub is then asked without a token.
    return undefined;
  }
}

/** Reads the Hub's variables. */
export function hubEnvironment(environment: Environment): HubEnvironment {
  const { HF_ENDPOINT, HF_TOKEN, HF_HOME, HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE } = environment;
  const { HF_HUB_OFFLINE, XDG_CACHE_HOME, HF_TOKEN_PATH } = environment;
  const home = expandHome(
    HF_HOME || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface'),
  );
  return {
    endpoint: (HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, ''),
    token: HF_TOKEN?.trim() || storedToken(HF_TOKEN_PATH || join(home, 'token')),
    cacheFolder: expandHome(HF_HUB_CACHE || HUGGINGFACE_HUB_CACHE || join(home, 'hub')),
    offline: /^(1|on|yes|true)$/i.test(HF_HUB_OFFLINE ?? ''),
  };
}
