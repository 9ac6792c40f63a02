import { ShapeError } from '../errors.ts';
import { assertSameShape, noGrad, type Tensor } from '../tensor/index.ts';
import { onlyTrained } from './aggregate.ts';

/** Token log-probabilities of P better completions and R worse ones of each; B = (1 + R) P. */
export interface PreferenceInputs {
  /**
   * log π_θ of each token, in nats; the first P rows are the better completions, the next P a worse one of each, and so
   * on. [B, T]; gradient flows.
   */
  readonly logprobs: Tensor;
  /** R; 1 unless given. */
  readonly rejectedPerChosen?: number | undefined;
  /** The same tokens under the reference policy; no gradient. [B, T]. */
  readonly referenceLogprobs: Tensor;
  /** 1 where the token belongs to the completion. [B, T]. */
  readonly completionMask: Tensor;
  /** Entropy of the distribution of each token; reported. [B, T]. */
  readonly entropy?: Tensor | undefined;
  /** Whether the token is the most likely one; reported of the better completions. [B, T]. */
  readonly isArgmax?: Tensor | undefined;
  /** Mean logit over the vocabulary; reported. [B, T]. */
  readonly meanLogits?: Tensor | undefined;
}

/** One completion of each pair, or several. Every tensor is [P]; of several worse completions [R, P]. */
export interface CompletionTerms {
  /** log π_θ(y|x) = Σ_t log π_θ(y_t|x, y_<t); gradient flows. */
  readonly logprob: Tensor;
  /** log π_ref(y|x); no gradient. */
  readonly referenceLogprob: Tensor;
  /** Tokens of the completion. */
  readonly tokens: Tensor;
}

/** What a preference loss is computed from: the better completion y_w and the worse y_l of each pair. */
export interface PreferenceTerms {
  readonly chosen: CompletionTerms;
  readonly rejected: CompletionTerms;
}

/** Whether a completion's likelihood is that of all of it or of its average token. */
export type Likelihood = 'sum' | 'mean';

const averaged = (value: Tensor, { tokens }: CompletionTerms, likelihood: Likelihood): Tensor =>
  likelihood === 'mean' ? value.div(tokens.clamp(1)) : value;

/** log π_θ(y|x), or its average per token. [P]. */
export const logLikelihood = (terms: CompletionTerms, likelihood: Likelihood): Tensor =>
  averaged(terms.logprob, terms, likelihood);

/** log[π_θ(y|x) / π_ref(y|x)], or its average per token. [P]. */
export const logRatio = (terms: CompletionTerms, likelihood: Likelihood = 'sum'): Tensor =>
  averaged(terms.logprob.sub(terms.referenceLogprob), terms, likelihood);

/**
 * The difference that direct alignment acts on.
 *   Δ = log[π_θ(y_w|x) / π_ref(y_w|x)] − log[π_θ(y_l|x) / π_ref(y_l|x)]
 * @returns [P], or [R, P] with several worse completions.
 */
export const logRatioDifference = (
  { chosen, rejected }: PreferenceTerms,
  likelihood: Likelihood = 'sum',
): Tensor => logRatio(chosen, likelihood).sub(logRatio(rejected, likelihood));

/** @throws ShapeError where the rows are not those of whole pairs. */
function assertWholePairs({ shape }: Tensor, rejectedPerChosen: number): void {
  if (Number.isInteger(rejectedPerChosen) && rejectedPerChosen >= 1) {
    if (shape[0]! % (1 + rejectedPerChosen) === 0) return;
  }
  throw new ShapeError(
    `preferenceLoss: expected a multiple of 1 + ${rejectedPerChosen} rows, one better completion to ${rejectedPerChosen} worse, found ${shape[0]}`,
  );
}

/** The better completions' rows, then the worse ones', `rejectedPerChosen` times as many. @throws ShapeError */
export function splitPairs(
  rows: Tensor,
  rejectedPerChosen = 1,
): [chosen: Tensor, rejected: Tensor] {
  assertWholePairs(rows, rejectedPerChosen);
  const pairs = rows.shape[0]! / (1 + rejectedPerChosen);
  return [rows.narrow(0, 0, pairs), rows.narrow(0, pairs, pairs * rejectedPerChosen)];
}

/** Values [B] by side: [P], and [P] or [R, P]. */
function sidesOf(values: Tensor, rejectedPerChosen: number): [chosen: Tensor, rejected: Tensor] {
  const [chosen, rejected] = splitPairs(values, rejectedPerChosen);
  if (rejectedPerChosen === 1) return [chosen, rejected];
  return [chosen, rejected.view([rejectedPerChosen, chosen.shape[0]!])];
}

/** Log-likelihoods of the completions of each pair. @throws ShapeError when the inputs' shapes differ. */
export function preferenceTerms(inputs: PreferenceInputs): PreferenceTerms {
  const { logprobs, referenceLogprobs, completionMask, rejectedPerChosen = 1 } = inputs;
  assertSameShape('preferenceLoss', { logprobs, referenceLogprobs, completionMask });
  const sums = onlyTrained(logprobs, completionMask).sum(-1);
  const references = noGrad(() => onlyTrained(referenceLogprobs.detach(), completionMask).sum(-1));
  const parts = [sums, references, completionMask.sum(-1)].map((values) =>
    sidesOf(values, rejectedPerChosen),
  );
  const side = (index: 0 | 1): CompletionTerms => {
    const [logprob, referenceLogprob, tokens] = parts.map((part) => part[index]);
    return { logprob: logprob!, referenceLogprob: referenceLogprob!, tokens: tokens! };
  };
  return { chosen: side(0), rejected: side(1) };
}
