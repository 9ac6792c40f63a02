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
 * belongs to one, padding too. All int32, places counted from the row's first.
 */
export interface Segments {
  /** Where the place's sequence begins: its first token stands here. [B, T] */
  readonly starts: Tensor;
  /** Where it ends: one past its last token. [B, T] */
  readonly ends: Tensor;
  /**
   * Where sequences continue others, as completions do a prompt they share: the range of places, before their start,
   * that they see besides their own and count on from, empty where there is none. [B, T, 2]
   */
  readonly prefixes?: Tensor | undefined;
  /** The same tokens in rows that share nothing, for attention that knows no prefixes; given with them. */
  readonly copies?: Copies | undefined;
}

/** S texts of L tokens, none of which share anything, beside the rows [B, T] that hold the same. Both int32. */
export interface Copies {
  /** Where each of their tokens stands in the flattened rows; padding repeats some token. [S, L] */
  readonly sources: Tensor;
  /** Where the token of each place stands in the flattened texts, in any of them; padding anywhere. [B, T] */
  readonly places: Tensor;
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
  /** Where they share prefixes: the range of each place's. [B, T, 2] */
  readonly prefixes?: Tensor | undefined;
  /** Attention works on copies of the tokens in rows of their own, then. */
  readonly copies?: Copies | undefined;
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

/** Whether attention has a kernel that sees prefixes; others would hold the scores of whole rows, most of them hidden. */
export const knowsPrefixes = ({ dtype, device }: Pick<VisibilityOptions, 'dtype' | 'device'>) =>
  device === 'cpu' && dtype === 'float32';

/** Rows divided into sequences; libtorch's own kernel on a GPU takes no starts, so it gets a bias. */
function ofSegments(options: VisibilityOptions, segments: Segments): Visibility {
  const { prefixes, copies } = segments;
  if (prefixes !== undefined && knowsPrefixes(options)) {
    return { bias: null, isCausal: true, starts: segments.starts, prefixes };
  }
  if (copies !== undefined) return { bias: null, isCausal: true, copies };
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
