import type { ItemLanguage } from '../../../recommendation/types.ts';
import { groupReward, type Reward } from '../../../rewards/index.ts';
import { sameTokens } from '../../../rollouts/index.ts';
import { targetColumns, wantedItem, wantedTokens } from '../next-item-columns.ts';
import type { ItemSimilarity } from './item-similarity.ts';

/**
 * The semantic reward: how alike the completion's item and the target are; 1 where their tokens are the same. A path
 * that several items share stands for its most popular one.
 */
export const semanticReward = (language: ItemLanguage, similarity: ItemSimilarity): Reward => ({
  ...groupReward('semantic', (_, { tokens, columns }) => {
    const target = wantedItem(columns);
    const targetTokens = wantedTokens(columns);
    return tokens.map((completion) => {
      if (sameTokens(completion, targetTokens)) return 1;
      const [item] = language.itemsOf(completion);
      return item === undefined ? null : similarity(item, target);
    });
  }),
  columns: targetColumns,
});
