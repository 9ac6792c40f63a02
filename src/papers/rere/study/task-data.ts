import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  type ItemLanguage,
  itemLanguage,
  loadRecommendationData,
  type RecommendationData,
} from '../../../recommendation/index.ts';
import type { Tokenizer } from '../../../tokenizers/index.ts';
import type { TaskSettings } from './settings.ts';

/** Where a data set lies: in the folder of data, or that folder itself; undefined where it is not there. */
export function datasetFolder(
  data: string | null,
  dataset: TaskSettings['dataset'],
): string | undefined {
  if (data === null) return undefined;
  const candidates = [join(data, dataset), ...(basename(data) === dataset ? [data] : [])];
  return candidates.find((folder) => existsSync(folder));
}

export interface TaskData {
  readonly data: RecommendationData;
  readonly language: ItemLanguage;
}

/** Loads a task's data and writes its items as the task says. @param tokenizer - A saved model's. */
export async function loadTask(
  { dataset, items, codes, vocabulary, maxHistory, distribution }: TaskSettings,
  folder: string | null,
  tokenizer?: Tokenizer,
): Promise<TaskData> {
  const found = datasetFolder(folder, dataset);
  if (found === undefined) throw new Error(`no ${dataset} in ${folder ?? 'no folder of data'}`);
  const data = await loadRecommendationData(found);
  const language = itemLanguage(items, data, {
    maxHistory,
    distribution,
    ...(codes && { codes }),
    ...(vocabulary && { vocabulary }),
    ...(tokenizer && { tokenizer }),
  });
  return { data, language };
}
