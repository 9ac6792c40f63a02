import type { Policy } from '../policy/index.ts';
import type { SpelledLanguage } from './language/index.ts';
import type { RecommenderFile } from './recommender-file.ts';
import type { Recommender } from './types.ts';

/** A recommender with the catalogue that its answers are places of. */
export interface LoadedRecommender {
  readonly method: string;
  readonly catalogue: RecommenderFile;
  readonly recommender: Recommender;
  /** Of a generative one. */
  readonly policy?: Policy;
  readonly language?: SpelledLanguage;
}
