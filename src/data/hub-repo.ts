import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  datasetInfo,
  HubApiError,
  type ListFileEntry,
  listFiles,
  modelInfo,
} from '@huggingface/hub';
import { ConfigError, DataError } from '../errors.ts';
import { downloadToCache } from './hub-download.ts';
import type { HubEnvironment } from './hub-environment.ts';
import { listFolder, pathKind } from './local-data.ts';

/** A repository on the Hugging Face Hub. */
export interface HubRepo {
  readonly type: 'dataset' | 'model';
  readonly name: string;
  /** Branch, tag or commit. */
  readonly revision: string;
}

/** Files of a repository that are on this machine. */
export interface HubSnapshot {
  /** The snapshot's folder in the cache; its name is the commit. */
  readonly folder: string;
  /** Those asked for, relative to the folder. */
  readonly paths: readonly string[];
}

/** Called before each file that has to be fetched. */
export type OnDownload = (file: { path: string; sizeBytes: number }) => void;

interface Request {
  readonly repo: HubRepo;
  readonly hub: HubEnvironment;
  readonly storage: string;
  readonly choose: (paths: readonly string[]) => readonly string[];
  readonly onDownload: OnDownload;
}

const COMMIT = /^[0-9a-f]{40}$/;

function connection({ hub }: Request) {
  return { hubUrl: hub.endpoint, ...(hub.token !== undefined && { accessToken: hub.token }) };
}

async function commitOf(request: Request): Promise<string> {
  const { name, revision, type } = request.repo;
  const query = { name, revision, ...connection(request) };
  const info =
    type === 'dataset'
      ? await datasetInfo({ ...query, additionalFields: ['sha'] })
      : await modelInfo({ ...query, additionalFields: ['sha'] });
  return info.sha;
}

async function download(request: Request): Promise<HubSnapshot> {
  const { repo, storage, choose, onDownload } = request;
  const commit = await commitOf(request);
  const files = {
    repo: { type: repo.type, name: repo.name },
    revision: commit,
    ...connection(request),
  };
  const entries = new Map<string, ListFileEntry>();
  for await (const entry of listFiles({ ...files, recursive: true })) {
    if (entry.type === 'file') entries.set(entry.path, entry);
  }
  const folder = join(storage, 'snapshots', commit);
  const paths = choose([...entries.keys()]);
  for (const path of paths) {
    const entry = entries.get(path)!;
    if (pathKind(join(folder, path)) !== 'file') onDownload({ path, sizeBytes: entry.size });
    await downloadToCache({ entry, request: files, storage, commit });
  }
  if (repo.revision !== commit) {
    const ref = join(storage, 'refs', repo.revision);
    await mkdir(dirname(ref), { recursive: true });
    await writeFile(`${ref}.${process.pid}`, commit);
    await rename(`${ref}.${process.pid}`, ref);
  }
  return { folder, paths };
}

function cachedFolder({ repo, storage }: Request): string | undefined {
  const ref = join(storage, 'refs', repo.revision);
  const commit = COMMIT.test(repo.revision)
    ? repo.revision
    : existsSync(ref) && readFileSync(ref, 'utf8').trim();
  const folder = commit ? join(storage, 'snapshots', commit) : undefined;
  return folder !== undefined && pathKind(folder) === 'folder' ? folder : undefined;
}

function fromCache(request: Request, why: string, cause?: unknown): HubSnapshot {
  const { repo, storage, choose } = request;
  const folder = cachedFolder(request);
  if (folder !== undefined) return { folder, paths: choose(listFolder(folder)) };
  throw new DataError(
    `${repo.type} ${repo.name} (revision ${repo.revision}) is not in the cache at ${storage}, and ${why}`,
    { cause },
  );
}

function refusal({ repo, hub }: Request, error: HubApiError): DataError | ConfigError {
  const page = `${hub.endpoint}/${repo.type === 'dataset' ? 'datasets/' : ''}${repo.name}`;
  const what = `${repo.type} ${repo.name} (revision ${repo.revision})`;
  if (error.statusCode === 404) {
    return new DataError(`${page} does not have ${what}; check the name and the revision`, {
      cause: error,
    });
  }
  if (error.statusCode === 401 || error.statusCode === 403) {
    const token =
      hub.token === undefined
        ? 'set HF_TOKEN to a token that may read it'
        : 'the token in use may not read it';
    return new ConfigError(
      `${page} refuses ${what} (status ${error.statusCode}): it does not exist, or is private or gated; ${token}, ` +
        'and accept its conditions on that page if it has any',
      { cause: error },
    );
  }
  return new DataError(`${page} answered with status ${error.statusCode}: ${error.message}`, {
    cause: error,
  });
}

function isUnreachable(error: unknown): boolean {
  return error instanceof TypeError && error.message === 'fetch failed';
}

/**
 * Brings files of a Hub repository into the cache that Hugging Face's tools share, and says where they are. Without a
 * connection, or with `HF_HUB_OFFLINE`, what the cache has is used.
 * @throws ConfigError when access is refused, DataError when there is no such thing or no way to it.
 */
export async function fetchRepo(
  repo: HubRepo,
  hub: HubEnvironment,
  choose: (paths: readonly string[]) => readonly string[],
  onDownload: OnDownload = () => {},
): Promise<HubSnapshot> {
  if (hub.token !== undefined && !hub.token.startsWith('hf_')) {
    throw new ConfigError(
      'HF_TOKEN does not look like a Hugging Face token: it must start with "hf_"',
    );
  }
  const storage = join(hub.cacheFolder, `${repo.type}s--${repo.name.replaceAll('/', '--')}`);
  const request: Request = { repo, hub, storage, choose, onDownload };
  if (hub.offline) return fromCache(request, 'HF_HUB_OFFLINE forbids asking the Hub');
  try {
    return await download(request);
  } catch (error) {
    if (error instanceof HubApiError) throw refusal(request, error);
    if (!isUnreachable(error)) throw error;
    const reason = ((error as Error).cause as Error | undefined)?.message ?? 'no connection';
    const snapshot = fromCache(request, `${hub.endpoint} cannot be reached (${reason})`, error);
    process.emitWarning(`${hub.endpoint} cannot be reached; using ${repo.name} as cached`);
    return snapshot;
  }
}
