import { DataError } from '../../../errors.ts';
import { Policy } from '../../../policy/index.ts';
import {
  type Item,
  type ItemLanguage,
  isRecommender,
  itemLanguage,
  loadRecommender,
  type RecommendationData,
} from '../../../recommendation/index.ts';
import type { Tokenizer } from '../../../tokenizers/index.ts';
import { placementOf, resolvePolicy } from '../../resolve/resolve-policy.ts';
import type { SupervisedConfig } from './supervised-config.ts';

type ModelConfig = Pick<
  SupervisedConfig,
  | 'modelNameOrPath'
  | 'modelRevision'
  | 'model'
  | 'dtype'
  | 'bf16'
  | 'device'
  | 'seed'
  | 'items'
  | 'codes'
  | 'vocabulary'
  | 'maxHistory'
  | 'itemsWithout'
  | 'prefix'
  | 'distribution'
  | 'usePeft'
  | 'loraR'
  | 'loraAlpha'
  | 'loraDropout'
  | 'loraTargetModules'
  | 'useRslora'
>;

/** A policy, and how it reads and writes the items of a data set. */
export interface RecommenderModel {
  readonly policy: Policy;
  readonly language: ItemLanguage;
}

function languageOf(
  data: RecommendationData,
  { items, codes, vocabulary, maxHistory, itemsWithout: missing, ...config }: ModelConfig,
  tokenizer?: Tokenizer,
): ItemLanguage {
  const { prefix, distribution } = config;
  const written = { codes, vocabulary, prefix, maxHistory, missing, distribution };
  return itemLanguage(items, data, { ...written, ...(tokenizer && { tokenizer }) });
}

const spellings: Readonly<Record<ItemLanguage['kind'], (item: Item) => string | undefined>> = {
  semantic: ({ semanticId }) => semanticId?.join(' '),
  title: ({ title }) => title,
  token: ({ key }) => key,
};

const spellingNames: Readonly<Record<ItemLanguage['kind'], string>> = {
  semantic: 'semantic id',
  title: 'title',
  token: 'token',
};

/** @throws DataError where the data has another semantic id, or title, for an item than it was trained with. */
function assertSameSpelling(
  folder: string,
  kind: ItemLanguage['kind'],
  known: readonly Item[],
  items: readonly Item[],
): void {
  const spell = spellings[kind];
  const place = items.findIndex((item, place) => spell(item) !== spell(known[place]!));
  if (place < 0) return;
  const [was, is] = [known, items].map((some) => JSON.stringify(spell(some[place]!) ?? null));
  throw new DataError(
    `${folder}: knows item ${JSON.stringify(items[place]!.key)} by its ${spellingNames[kind]} ${was}, and the data has ${is}; train on the data it was made for`,
  );
}

/** The language of a trained recommender; undefined for another folder. @throws DataError where it knows other items. */
function trainedLanguage(folder: string, data: RecommendationData): ItemLanguage | undefined {
  if (!isRecommender(folder)) return undefined;
  const { catalogue, language } = loadRecommender(folder);
  const { items } = data;
  const other = items.find(({ key }, place) => key !== catalogue.items[place]?.key);
  if (other === undefined && items.length === catalogue.items.length) {
    if (language !== undefined) assertSameSpelling(folder, language.kind, catalogue.items, items);
    return language;
  }
  throw new DataError(
    `${folder}: knows ${catalogue.items.length} items of ${catalogue.dataset}, and ${data.name} has ${items.length}${other === undefined ? '' : `, of which it lacks ${JSON.stringify(other.key)} at its place`}; train on the data it was made for`,
  );
}

const ownTokenizer = { tokenizer: null, chatTemplatePath: null, eosToken: null } as const;

/** Loads or makes what a configuration names. */
export async function resolveRecommenderModel(
  config: ModelConfig,
  data: RecommendationData,
): Promise<RecommenderModel> {
  const { model, modelNameOrPath, seed } = config;
  if (model !== null) {
    const language = languageOf(data, config);
    const placement = placementOf({ ...config, ...ownTokenizer });
    return { policy: Policy.create(model, language.tokenizer, { seed, ...placement }), language };
  }
  const policy = await resolvePolicy({ ...config, ...ownTokenizer }, { trainable: true });
  const trained = trainedLanguage(modelNameOrPath!, data);
  return { policy, language: trained ?? languageOf(data, config, policy.tokenizer) };
}
