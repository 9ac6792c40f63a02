import { purposeSeed, shuffledOrder } from '../data/index.ts';
import { DataError } from '../errors.ts';
import type { Metrics } from '../metrics/index.ts';
import type { Policy } from '../policy/index.ts';
import { generativeRecommender } from './generative-recommender.ts';
import { estimate, hitRate, ndcg, rankOf } from './ranking-metrics.ts';
import type { ItemLanguage, NextItem, RecommendationData, Recommender } from './types.ts';
import { type HistoryItems, withHistoryItems } from './without-history.ts';

/** Cut-off of the measures that choose a checkpoint. */
const K = 10;

/** How a recommender is measured while it is trained: on validation questions only, never on those of the test. */
export interface ValidationOptions {
  /** Questions asked, a seeded choice that stays the same; all where there are fewer. */
  readonly questions?: number;
  readonly seed?: number;
  /** Beams of the search. */
  readonly width?: number;
  /** Whether items of a history count among those recommended; default `kept`. */
  readonly historyItems?: HistoryItems | undefined;
  /** Histories read at one time. */
  readonly batchSize?: number;
}

/** The questions that are asked, in their order. @throws DataError where there are none. */
export function validationQuestions(
  { valid, name }: Pick<RecommendationData, 'valid' | 'name'>,
  { questions = 1000, seed = 42 }: ValidationOptions = {},
): NextItem[] {
  if (valid.length === 0) {
    throw new DataError(
      `${name} has no validation questions, by which the best checkpoint is chosen; prepare it with some, or train without validation`,
    );
  }
  const order = shuffledOrder(valid.length, purposeSeed(seed, 'validation'), 0);
  return Array.from(order.slice(0, questions))
    .sort((a, b) => a - b)
    .map((place) => valid[place]!);
}

/** NDCG@10 and HR@10 of a recommender, under the names of training's metrics. */
export async function measureRanking(
  recommender: Recommender,
  questions: readonly NextItem[],
  signal?: AbortSignal,
): Promise<Metrics> {
  const histories = questions.map(({ history }) => history);
  const lists = await recommender.recommend(histories, K, signal);
  const ranks = questions.map(({ target }, q) => rankOf(lists[q]!, target));
  return {
    'ranking/ndcg_10': estimate(ranks.map((rank) => ndcg(rank, K))).mean,
    'ranking/hr_10': estimate(ranks.map((rank) => hitRate(rank, K))).mean,
  };
}

/** What trainers call to measure held-out questions: the policy as a generative recommender. */
export function validate(
  data: Pick<RecommendationData, 'valid' | 'name'>,
  language: ItemLanguage,
  options: ValidationOptions = {},
): (policy: Policy, signal: AbortSignal) => Promise<Metrics> {
  const questions = validationQuestions(data, options);
  const { width = 20, batchSize = 64, historyItems = 'kept' } = options;
  return (policy, signal) =>
    measureRanking(
      withHistoryItems(generativeRecommender(policy, language, { width, batchSize }), historyItems),
      questions,
      signal,
    );
}

/** Trainer options that choose the checkpoint by validation, where the caller does not choose otherwise. */
export const chosenByValidation = {
  metricForBestModel: 'ranking/ndcg_10',
  loadBestModelAtEnd: true,
  earlyStoppingPatience: 3,
} as const;
