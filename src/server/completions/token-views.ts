import type { TokenRow } from '../../runs/index.ts';
import type { Tokenizer } from '../../tokenizers/index.ts';
import type { TokenView } from '../api.ts';
import { tokenText } from './token-text.ts';

/** Tokens as the page shows them, in their order in the completion. */
export function tokenViews(row: TokenRow, tokenizer: Tokenizer | undefined): TokenView[] {
  const order = row.tokenIds.map((_, i) => i);
  if (row.positions.length > 0) order.sort((a, b) => row.positions[a]! - row.positions[b]!);
  return order.map((i) => {
    const id = row.tokenIds[i]!;
    return {
      text: tokenizer === undefined ? `⟨${id}⟩` : tokenText(tokenizer, id),
      id,
      logprob: finite(row.logprobs[i]),
      entropy: finite(row.entropies[i]),
      advantage: finite(row.advantages[i]),
      ratio: finite(row.ratios[i]),
      trained: (row.trainedMask[i] ?? 1) !== 0,
    };
  });
}

/** JSON has no NaN. */
const finite = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? value : null;
