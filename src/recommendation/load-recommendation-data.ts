import { basename, join, resolve } from 'node:path';
import { expandHome, listFolder, pathKind } from '../data/local-data.ts';
import { DataError } from '../errors.ts';
import {
  isRecommendationData,
  readRecommendationAbout,
  readRecommendationData,
} from './data-folder.ts';
import type { ItemSources } from './log/catalogue.ts';
import type { ItemColumns } from './log/item-columns.ts';
import { readInterJson } from './log/read-inter-json.ts';
import { readItemJson } from './log/read-item-json.ts';
import { readMiniOneRec } from './log/read-minionerec.ts';
import { readSemanticIds } from './log/read-semantic-ids.ts';
import { type Prepared, type PrepareOptions, prepareLog } from './prepare-log.ts';
import { prepareQuestions } from './prepare-questions.ts';
import type { RecommendationData } from './types.ts';

/** Which files of a folder to read, and how a log becomes a data set. */
export interface LoadRecommendationOptions extends PrepareOptions {
  /** Default the folder's name. */
  readonly name?: string | undefined;
  /** File of semantic ids, in the folder. Default `index.rqvae.json`, else `index.rkmeans.json`, else any index file. */
  readonly index?: string | undefined;
  readonly itemColumns?: ItemColumns | undefined;
}

/**
 * Loads a data set of a folder: one that {@link writeRecommendationData} wrote (options then do nothing), or one of
 *   `inter.json`                                  with `item.json` and `index*.json` where they are there, split as asked;
 *   `valid.csv`, `test.csv` and maybe `train.csv` with the same, MiniOneRec's split, taken as it is.
 * @throws DataError with file, line and reason.
 */
export async function loadRecommendationData(
  path: string,
  options: LoadRecommendationOptions = {},
): Promise<RecommendationData> {
  return (await prepareFolder(path, options)).data;
}

/** As {@link loadRecommendationData}, with what was found on the way. */
export async function prepareFolder(
  path: string,
  options: LoadRecommendationOptions = {},
): Promise<Prepared> {
  const folder = resolve(expandHome(path));
  if (pathKind(folder) !== 'folder') throw new DataError('there is no such folder', { file: path });
  if (isRecommendationData(folder))
    return { data: readRecommendationData(folder), report: readRecommendationAbout(folder).report };
  const files = listFolder(folder, 0);
  const find = (name: string) => findFile(folder, files, name);
  const name = options.name ?? basename(folder);
  const sources = await readSources(folder, files, options);
  const [inter, valid, test, train] = ['inter.json', 'valid.csv', 'test.csv', 'train.csv'].map(
    find,
  );
  if (inter !== undefined) return prepareLog(name, await readInterJson(inter), sources, options);
  if (valid !== undefined && test !== undefined) {
    const questions = {
      train: train === undefined ? undefined : await readMiniOneRec(train),
      valid: await readMiniOneRec(valid),
      test: await readMiniOneRec(test),
    };
    return prepareQuestions(name, questions, sources);
  }
  throw new DataError(
    `expected a prepared data set, inter.json, or valid.csv and test.csv; found ${files.join(', ') || 'nothing'}`,
    { file: path },
  );
}

/** A file by its name, or the only one whose name ends so: `Industrial.inter.json`. */
function findFile(folder: string, files: readonly string[], name: string): string | undefined {
  if (files.includes(name)) return join(folder, name);
  const ending = files.filter((file) => file.endsWith(`.${name}`));
  if (ending.length > 1)
    throw new DataError(`several files end in .${name}: ${ending.join(', ')}; keep one`, {
      file: folder,
    });
  return ending[0] === undefined ? undefined : join(folder, ending[0]);
}

async function readSources(
  folder: string,
  files: readonly string[],
  { index, itemColumns }: LoadRecommendationOptions,
): Promise<ItemSources> {
  const itemFile = findFile(folder, files, 'item.json');
  const indexFile = findIndex(folder, files, index);
  return {
    items: itemFile === undefined ? undefined : await readItemJson(itemFile, itemColumns),
    semanticIds: indexFile === undefined ? undefined : await readSemanticIds(indexFile),
  };
}

/** The file of semantic ids that is asked for, or the first there is. */
export function findIndex(
  folder: string,
  files: readonly string[],
  asked?: string,
): string | undefined {
  if (asked !== undefined) {
    if (files.includes(asked)) return join(folder, asked);
    throw new DataError(`there is no ${asked}; found ${files.join(', ')}`, { file: folder });
  }
  const known = ['index.rqvae.json', 'index.rkmeans.json', 'index.json'];
  const found =
    known.find((name) => files.includes(name)) ??
    files.find((name) => /(^|\.)index(\.[\w-]+)?\.json$/.test(name));
  return found === undefined ? undefined : join(folder, found);
}
