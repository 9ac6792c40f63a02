import { resolve } from 'node:path';
import { expandHome, pathKind } from '../data/local-data.ts';
import { DataError } from '../errors.ts';
import {
  isRecommendationData,
  readRecommendationAbout,
  readRecommendationData,
} from './data-folder.ts';
import type { ItemSources } from './log/catalogue.ts';
import type { ItemColumns } from './log/item-columns.ts';
import type { LogColumns } from './log/log-columns.ts';
import { readItems } from './log/read-items.ts';
import { readSemanticIds } from './log/read-semantic-ids.ts';
import { readSource } from './log/read-source.ts';
import { type Prepared, type PrepareOptions, prepareLog } from './prepare-log.ts';
import { prepareQuestions } from './prepare-questions.ts';
import {
  findFile,
  findIndex,
  namedFile,
  type SourceFiles,
  sourceFiles,
  sourceName,
} from './source-files.ts';
import type { RecommendationData } from './types.ts';

/** Which files to read, and how a log becomes a data set. */
export interface LoadRecommendationOptions extends PrepareOptions {
  /** Default the name of the folder or file. */
  readonly name?: string | undefined;
  /** What is written about items: a file beside the log, or a path. Default `item.json` or the `.item` file beside it. */
  readonly items?: string | undefined;
  /**
   * Semantic ids: a file beside the log, or a path. Default `index.rqvae.json` beside it, else `index.rkmeans.json`, else
   * any index file; none for a log that is a single file.
   */
  readonly index?: string | undefined;
  readonly columns?: LogColumns | undefined;
  readonly itemColumns?: ItemColumns | undefined;
}

/**
 * Loads a data set: a folder that {@link writeRecommendationData} wrote (options then do nothing), a folder of
 *   `inter.json`                                          with `item.json` and `index*.json` where they are there,
 *   `valid.csv`, `test.csv` and maybe `train.csv`         with the same: MiniOneRec's split, taken as it is,
 *   `*.inter`, or `*.valid.inter`, `*.test.inter` and so on   with `*.item`: RecBole's,
 * or a single log of a format that rows are read from, see {@link readInteractions}.
 * @throws DataError with file, line and reason.
 */
export async function loadRecommendationData(
  path: string,
  options: LoadRecommendationOptions = {},
): Promise<RecommendationData> {
  const folder = resolve(expandHome(path));
  if (isRecommendationData(folder)) return readRecommendationData(folder);
  return (await prepareSource(path, options)).data;
}

/** As {@link loadRecommendationData}, with what was found on the way. */
export async function prepareSource(
  path: string,
  options: LoadRecommendationOptions = {},
): Promise<Prepared> {
  const source = resolve(expandHome(path));
  if (pathKind(source) === undefined)
    throw new DataError('there is no such file or folder', { file: path });
  if (isRecommendationData(source))
    return { data: readRecommendationData(source), report: readRecommendationAbout(source).report };
  const files = sourceFiles(source);
  const name = options.name ?? sourceName(source);
  const read = await readSource(source, files, options.columns);
  const about = await readAbout(source, files, options);
  return read.kind === 'log'
    ? prepareLog(name, read.log, about, options)
    : prepareQuestions(name, read.files, about, options);
}

async function readAbout(
  source: string,
  files: SourceFiles,
  { items, index, itemColumns }: LoadRecommendationOptions,
): Promise<ItemSources> {
  const isFolder = pathKind(source) === 'folder';
  const itemFile = items === undefined ? defaultItems(source, files) : namedFile(files, items);
  const usualIndex = isFolder ? findIndex(files) : undefined;
  const indexFile = index === undefined ? usualIndex : namedFile(files, index);
  return {
    items: itemFile === undefined ? undefined : await readItems(itemFile, itemColumns),
    semanticIds: indexFile === undefined ? undefined : await readSemanticIds(indexFile),
  };
}

/** What stands beside a log by its format's custom. */
function defaultItems(source: string, files: SourceFiles): string | undefined {
  if (pathKind(source) === 'folder') return findFile(files, 'item.json') ?? atomicItems(files);
  const own = `${sourceName(source)}.item`;
  return source.endsWith('.inter') && files.names.includes(own) ? namedFile(files, own) : undefined;
}

const atomicItems = (files: SourceFiles): string | undefined =>
  files.names.some((name) => name.endsWith('.inter')) ? findFile(files, 'item') : undefined;
