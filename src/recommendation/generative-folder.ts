import { z } from 'zod';
import { CheckpointError } from '../errors.ts';
import { Policy } from '../policy/index.ts';
import { type GenerativeOptions, generativeRecommender } from './generative-recommender.ts';
import { itemLanguage, type SpelledLanguage } from './language/index.ts';
import type { LoadedRecommender } from './loaded-recommender.ts';
import { type RecommenderFile, writeRecommenderFile } from './recommender-file.ts';
import type { ItemLanguage, RecommendationData } from './types.ts';

const settingsSchema = z.strictObject({
  kind: z.enum(['semantic', 'title', 'token']),
  maxHistory: z.int().positive(),
  distribution: z.enum(['full', 'constrained']).default('full'),
  /** Of semantic ids. */
  codes: z.enum(['all', 'deciding']).default('all'),
  vocabulary: z.enum(['codes', 'beginnings']).default('codes'),
  /** Of titles. */
  prefix: z.string().default(''),
});

export interface SaveRecommenderOptions {
  readonly policy: Policy;
  readonly language: ItemLanguage;
  readonly data: Pick<RecommendationData, 'name' | 'items' | 'popularity'>;
  /** Whether it has learned the questions of validation, which then say nothing of it. Default no. */
  readonly isValidLearned?: boolean;
}

/** Writes a generative recommender's folder: the policy as a Hugging Face folder, and `recommender.json`. */
export function saveRecommender(
  folder: string,
  { policy, language, data, isValidLearned = false }: SaveRecommenderOptions,
): void {
  policy.save(folder);
  language.tokenizer.save(folder);
  const { kind, maxHistory, distribution = 'full', codes, vocabulary, prefix } = language;
  writeRecommenderFile(folder, {
    method: 'generative',
    dataset: data.name,
    settings: {
      kind,
      maxHistory,
      distribution,
      ...(codes && { codes }),
      ...(vocabulary === 'beginnings' && { vocabulary }),
      ...(prefix && { prefix }),
    },
    ...(isValidLearned && { isValidLearned }),
    popularity: [...data.popularity],
    items: data.items,
  });
}

function languageOf(file: RecommenderFile, policy: Policy, folder: string): SpelledLanguage {
  const settings = settingsSchema.safeParse(file.settings);
  if (!settings.success)
    throw new CheckpointError(
      `${folder}/recommender.json: settings: ${z.prettifyError(settings.error)}`,
    );
  const { kind, ...read } = settings.data;
  return itemLanguage(kind, file, { ...read, missing: 'leave-out', tokenizer: policy.tokenizer });
}

/** Reads what `saveRecommender` wrote. */
export function loadGenerative(
  folder: string,
  file: RecommenderFile,
  { leastWidth }: Pick<GenerativeOptions, 'leastWidth'>,
): LoadedRecommender {
  const policy = Policy.load(folder, { trainable: false });
  const language = languageOf(file, policy, folder);
  return {
    method: file.method,
    catalogue: file,
    recommender: generativeRecommender(policy, language, { leastWidth, weights: 'fixed' }),
    policy,
    language,
  };
}
