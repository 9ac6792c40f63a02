import {
  collaborativeReward,
  rankingRewards,
  rankPenaltyReward,
  ruleReward,
  semanticReward,
  tfidfSimilarity,
  trainRecommenderByReward,
  vectorSimilarity,
} from '../../../papers/rere/index.ts';
import {
  type ItemLanguage,
  loadSasrec,
  type RecommendationData,
  sasrecScore,
} from '../../../recommendation/index.ts';
import type { Reward } from '../../../rewards/index.ts';
import { grpoOptions } from '../../../trainers/config/index.ts';
import { runGenerative, trainerOptions } from './generative-run.ts';
import { type RereConfig, rereConfig } from './rere-config.ts';
import { trainMethod } from './train-method.ts';

type MakeReward = (
  config: RereConfig,
  data: RecommendationData,
  language: ItemLanguage,
) => Reward[];

/** Rewards by the names that `reward` gives them. */
const rewards: Readonly<Record<RereConfig['reward'], MakeReward>> = {
  rule: () => [ruleReward()],
  ranking: () => rankingRewards(),
  ranking_only: () => [rankPenaltyReward()],
  semantic: ({ vectors }, { items }, language) => [
    semanticReward(
      language,
      vectors === null ? tfidfSimilarity(items) : vectorSimilarity(items, vectors),
    ),
  ],
  collaborative: ({ scorer }, _, language) => {
    const model = loadSasrec(scorer!, { trainable: false });
    return [collaborativeReward(language, (history, items) => sasrecScore(model, history, items))];
  },
};

/** `--method rere` */
export const rereMethod = trainMethod<RereConfig>(rereConfig, (config, data, hooks) =>
  runGenerative(config, data, (model, further) => {
    const { sampler, lastCompletion, promptsPerStep, groupSize, promptsPerMicroBatch } = config;
    const { logprobDistribution, ...others } = config;
    return trainRecommenderByReward({
      ...trainerOptions(others as never, grpoOptions, hooks),
      ...(logprobDistribution !== null && { logprobDistribution }),
      ...model,
      ...further,
      sampler,
      lastCompletion,
      promptsPerStep,
      groupSize,
      ...(promptsPerMicroBatch !== null && { promptsPerMicroBatch }),
      reward: rewards[config.reward](config, data, model.language),
    });
  }),
);
