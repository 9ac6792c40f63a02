import { CheckpointError } from '../errors.ts';
import { loadGenerative } from './generative-folder.ts';
import type { LoadedRecommender } from './loaded-recommender.ts';
import { popularityRecommender } from './popularity.ts';
import { type RecommenderFile, readRecommenderFile } from './recommender-file.ts';
import { loadSasrecRecommender } from './sasrec/sasrec-recommender-folder.ts';

/** Reads the rest of a folder whose `recommender.json` names its method. */
type RecommenderLoader = (
  folder: string,
  file: RecommenderFile,
  options: LoadRecommenderOptions,
) => LoadedRecommender;

export interface LoadRecommenderOptions {
  /** Beams of a generative recommender, at least; default: as many as items are asked for. */
  readonly leastWidth?: number;
}

const loaders: Readonly<Record<string, RecommenderLoader>> = {
  generative: loadGenerative,
  popularity: (_, file) => ({
    method: file.method,
    catalogue: file,
    recommender: popularityRecommender(file),
  }),
  sasrec: loadSasrecRecommender,
};

/** Reads a recommender's folder, of any method. @throws CheckpointError where it is none. */
export function loadRecommender(
  folder: string,
  options: LoadRecommenderOptions = {},
): LoadedRecommender {
  const file = readRecommenderFile(folder);
  const load = Object.hasOwn(loaders, file.method) ? loaders[file.method] : undefined;
  if (load !== undefined) return load(folder, file, options);
  throw new CheckpointError(
    `${folder}/recommender.json: method ${JSON.stringify(file.method)} is unknown; known are ${Object.keys(loaders).join(', ')}`,
  );
}
