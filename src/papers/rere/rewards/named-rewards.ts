import { ConfigError } from '../../../errors.ts';
import {
  type ItemLanguage,
  loadSasrec,
  type RecommendationData,
  sasrecScore,
} from '../../../recommendation/index.ts';
import type { Reward } from '../../../rewards/index.ts';
import { collaborativeReward } from './collaborative-reward.ts';
import { tfidfSimilarity, vectorSimilarity } from './item-similarity.ts';
import { rankingRewards, rankPenaltyReward } from './ranking-reward.ts';
import { ruleReward } from './rule-reward.ts';
import { semanticReward } from './semantic-reward.ts';

/** What the rewards are made of. */
export interface RewardMatter {
  readonly items: RecommendationData['items'];
  readonly language: ItemLanguage;
  /** File of vectors that `semantic` compares; left out: TF-IDF of titles and texts. */
  readonly vectors?: string | null | undefined;
  /** Folder of the trained SASRec that `collaborative` asks. */
  readonly scorer?: string | null | undefined;
}

const makers = {
  ranking: () => rankingRewards(),
  rule: () => [ruleReward()],
  ranking_only: () => [rankPenaltyReward()],
  semantic: ({ items, language, vectors }) => [
    semanticReward(language, vectors ? vectorSimilarity(items, vectors) : tfidfSimilarity(items)),
  ],
  collaborative: ({ language, scorer }) => {
    if (!scorer) throw new ConfigError('scorer: required by the collaborative reward');
    const model = loadSasrec(scorer, { trainable: false });
    return [collaborativeReward(language, (...asked) => sasrecScore(model, ...asked))];
  },
} as const satisfies Readonly<Record<string, (matter: RewardMatter) => Reward[]>>;

/** The paper's rewards, by the names that options and studies give them. */
export type RewardName = keyof typeof makers;

export const rewardNames = Object.keys(makers) as [RewardName, ...RewardName[]];

/** The rewards of a name; their sum is what a completion gets. `collaborative` needs `scorer`. */
export const namedRewards = (name: RewardName, matter: RewardMatter): Reward[] =>
  makers[name](matter);
