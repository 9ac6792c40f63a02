import type { Catalogue } from '../language/index.ts';
import type { LoadedRecommender } from '../loaded-recommender.ts';
import { type RecommenderFile, writeRecommenderFile } from '../recommender-file.ts';
import { loadSasrec, saveSasrec } from './sasrec-folder.ts';
import type { SasrecModel } from './sasrec-model.ts';
import { sasrecRecommender } from './sasrec-recommender.ts';

/** Writes a folder that `loadRecommender` reads: the model, and the catalogue that its places are of. */
export function saveSasrecRecommender(
  folder: string,
  model: SasrecModel,
  { name, items, popularity }: Catalogue & { readonly name: string },
): void {
  saveSasrec(folder, model);
  writeRecommenderFile(folder, {
    method: 'sasrec',
    dataset: name,
    settings: {},
    popularity: [...popularity],
    items,
  });
}

/** Reads such a folder. @throws CheckpointError where the model is missing or broken. */
export const loadSasrecRecommender = (
  folder: string,
  file: RecommenderFile,
): LoadedRecommender => ({
  method: file.method,
  catalogue: file,
  recommender: sasrecRecommender(loadSasrec(folder, { trainable: false })),
});
