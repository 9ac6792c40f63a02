import type { RecommendationData } from './types.ts';

/** All that each user took, oldest first: the longest of what the data set's parts say of them, answers included. */
export function userHistories({
  train,
  valid,
  test,
}: Pick<RecommendationData, 'train' | 'valid' | 'test'>): ReadonlyMap<string, readonly number[]> {
  const histories = new Map<string, readonly number[]>();
  const offer = (user: string, items: readonly number[]) => {
    if (items.length > (histories.get(user)?.length ?? 0)) histories.set(user, items);
  };
  for (const { user, items } of train) offer(user, items);
  for (const { user, history, target } of [...valid, ...test]) offer(user, [...history, target]);
  return histories;
}
