import {
  arange,
  callTensor,
  type DType,
  full,
  noGrad,
  type Tensor,
  where,
} from '../tensor/index.ts';

/**
 * Where rows hold several sequences that do not see one another: the sequence that each place belongs to. Every place
 * belongs to one, padding too. Both [B, T], int32, places counted from the row's first.
 */
export interface Segments {
  /** Where the place's sequence begins: its first token stands here. */
  readonly starts: Tensor;
  /** Where it ends: one past its last token. */
  readonly ends: Tensor;
}

/** What queries may see, in the form attention takes it; shared by all layers of a forward pass. */
export interface Visibility {
  /**
   * Added to scores: 0 where visible, `hidden` elsewhere. [T, S] or [B, T, S]; null when all is visible, or when
   * `isCausal` and `starts` say it all.
   */
  readonly bias: Tensor | null;
  /** Visible are exactly the positions up to the query's own, without padding, from its sequence's start. */
  readonly isCausal: boolean;
  /** Where rows are divided: the start of each place's sequence. [B, T] */
  readonly starts?: Tensor | undefined;
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
  /** Divides rows into sequences; without cache and mask. */
  readonly segments?: Segments | undefined;
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

/** True where key s is at or before query t and of its sequence. [B, T, T], bool */
function blockDiagonal(options: VisibilityOptions, { starts }: Segments): Tensor {
  const key = arange(0, options.keys, { device: options.device });
  const isOwn = starts.unsqueeze(2).lessEqual(key);
  return callTensor('aten::logical_and', isOwn, causal(options).unsqueeze(0));
}

/** Rows divided into sequences; libtorch's own kernel on a GPU takes no starts, so it gets a bias. */
function ofSegments(options: VisibilityOptions, segments: Segments): Visibility {
  if (options.device === 'cpu') return { bias: null, isCausal: true, starts: segments.starts };
  const bias = noGrad(() => biasOf(blockDiagonal(options, segments), options));
  return { bias, isCausal: false };
}

/** Built once per forward pass. */
export function visibility(options: VisibilityOptions): Visibility {
  const { queries, keys, attentionMask, segments } = options;
  if (segments !== undefined) return ofSegments(options, segments);
  if (attentionMask === undefined) {
    if (queries === 1) return { bias: null, isCausal: false };
    if (queries === keys) return { bias: null, isCausal: true };
    return noGrad(() => ({ bias: biasOf(causal(options), options), isCausal: false }));
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
