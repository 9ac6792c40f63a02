import { join } from 'node:path';
import { DataError } from '../errors.ts';
import { hubEnvironment } from './hub-environment.ts';
import { fetchRepo, type OnDownload } from './hub-repo.ts';
import type { Environment } from './local-data.ts';
import { type SplitChoice, splitFiles } from './split-files.ts';

/** Which files of a Hub dataset to fetch. */
export interface DownloadDatasetOptions extends SplitChoice {
  readonly revision?: string;
  readonly environment: Environment;
  /** Local places already tried; for the message. */
  readonly lookedAt: readonly string[];
  readonly onDownload?: OnDownload;
}

/** Fetches the files of one split of a Hub dataset and returns their paths in the cache. */
export async function downloadDatasetFiles(
  name: string,
  { revision = 'main', environment, lookedAt, onDownload, ...choice }: DownloadDatasetOptions,
): Promise<string[]> {
  const repo = { type: 'dataset', name, revision } as const;
  const choose = (paths: readonly string[]) => splitFiles(paths, name, choice);
  try {
    const { folder, paths } = await fetchRepo(
      repo,
      hubEnvironment(environment),
      choose,
      onDownload,
    );
    return paths.map((path) => join(folder, path));
  } catch (cause) {
    if (!(cause instanceof DataError)) throw cause;
    const { LAUREL_DATA } = environment;
    const map = LAUREL_DATA ? `LAUREL_DATA is ${LAUREL_DATA}` : 'LAUREL_DATA is not set';
    throw new DataError(
      `${cause.message}. Not found on disk either: ${lookedAt.join(', ')} (${map})`,
      {
        cause,
      },
    );
  }
}
