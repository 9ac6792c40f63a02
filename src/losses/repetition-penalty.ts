import { arange, callTensor, minimum, noGrad, type Tensor, where, zeros } from '../tensor/index.ts';

/** The text before each of N tokens, whose tokens a repetition penalty makes less likely. */
export interface SeenText {
  /** All sequences, flattened. [M], int64. */
  readonly text: Tensor;
  /** Where each token's sequence begins in `text`. [N], int64. */
  readonly starts: Tensor;
  /** The last place before each token in `text`. [N], int64. */
  readonly ends: Tensor;
}

/** Which tokens of the vocabulary stand before each of N tokens. [N, V], bool. */
export function seenTokens({ text, starts, ends }: SeenText, vocabSize: number): Tensor {
  return noGrad(() => {
    const rows = starts.shape[0]!;
    const width = ends.sub(starts).max().item() + 1;
    const offsets = arange(0, width, { dtype: 'int64', device: text.device });
    // Past the end, the last place again: the same token twice changes nothing.
    const places = minimum(starts.unsqueeze(-1).add(offsets), ends.unsqueeze(-1));
    const ids = text.indexSelect(0, places.reshape([-1])).view([rows, width]);
    return markTokens(zeros([rows, vocabSize], { dtype: 'bool', device: text.device }), ids);
  });
}

/** `seen` [N, V] with the tokens `ids` [N, S] added. */
export const markTokens = (seen: Tensor, ids: Tensor): Tensor =>
  callTensor('aten::scatter.value', seen, -1, ids, true);

/**
 * Makes seen tokens less likely: divides their logits by θ where positive and multiplies them where negative.
 * Keskar et al. 2019, arXiv:1909.05858; with the sign of the logit as transformers'
 * `RepetitionPenaltyLogitsProcessor` takes it. Padding is no text, so the pad token is only penalised where it occurs.
 * @returns [N, V]; gradient flows.
 */
export const penalizeSeen = (logits: Tensor, seen: Tensor, penalty: number): Tensor =>
  where(seen, where(logits.less(0), logits.mul(penalty), logits.div(penalty)), logits);
