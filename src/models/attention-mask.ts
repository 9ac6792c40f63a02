import {
  arange,
  callTensor,
  type DType,
  full,
  noGrad,
  type Tensor,
  where,
} from '../tensor/index.ts';

/** What queries may see, in the two forms attention takes it; shared by all layers of a forward pass. */
export interface Visibility {
  /** Added to scores: 0 where visible, `hidden` elsewhere. [T, S] or [B, T, S]; null when all is visible. */
  readonly bias: Tensor | null;
  /** Visible are exactly the positions up to the query's own, without padding. */
  readonly isCausal: boolean;
}

/** Added to a hidden score: exp gives 0, yet a row without any visible key stays finite. */
const hiddenScore = (dtype: DType): number => (dtype === 'float16' ? -3e4 : -1e30);

export interface VisibilityOptions {
  /** T */
  readonly queries: number;
  /** S: cached tokens and new ones. */
  readonly keys: number;
  /** Which keys are tokens rather than padding. [B, S], bool */
  readonly attentionMask?: Tensor | undefined;
  readonly dtype: DType;
  readonly device: string;
}

/** True where key s is at or before query t, whose place is S − T + t. [T, S], bool */
function causal({ queries, keys, device }: VisibilityOptions): Tensor {
  const query = arange(keys - queries, keys, { device }).unsqueeze(1);
  return arange(0, keys, { device }).unsqueeze(0).lessEqual(query);
}

function biasOf(visible: Tensor, { dtype, device }: VisibilityOptions): Tensor {
  const zero = full([], 0, { dtype, device });
  return where(visible, zero, full([], hiddenScore(dtype), { dtype, device }));
}

/** Built once per forward pass. */
export function visibility(options: VisibilityOptions): Visibility {
  const { queries, attentionMask } = options;
  if (attentionMask === undefined) {
    if (queries === 1) return { bias: null, isCausal: false };
    return noGrad(() => ({ bias: biasOf(causal(options), options), isCausal: true }));
  }
  return noGrad(() => {
    const present = attentionMask.to({ dtype: 'bool' }).unsqueeze(1);
    const visible =
      queries === 1
        ? present
        : callTensor('aten::logical_and', present, causal(options).unsqueeze(0));
    return { bias: biasOf(visible, options), isCausal: false };
  });
}
