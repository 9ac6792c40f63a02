import type { RecommendationData } from './types.ts';

/** Data whose training questions are those of validation, each with its one answer; validation stays what it was. */
export const learnValidation = (data: RecommendationData): RecommendationData => ({
  ...data,
  train: data.valid.map(({ user, history, target }) => ({
    user,
    items: [...history, target],
    firstTarget: history.length,
  })),
});
