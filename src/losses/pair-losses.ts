import type { Tensor } from '../tensor/index.ts';
import {
  type Likelihood,
  logLikelihood,
  logRatio,
  logRatioDifference,
  type PreferenceTerms,
} from './preference-terms.ts';

/** Sizes of the whole optimiser batch, by which every micro-batch divides. */
export interface PairTotals {
  readonly pairs: number;
  /** Tokens of the better completions. */
  readonly chosenTokens: number;
}

/** The loss of each pair [P], however many worse completions it has; the batch's loss is their mean over its pairs. */
export type PairLoss = (terms: PreferenceTerms, totals: PairTotals) => Tensor;

export interface LogisticOptions {
  /** β: how much a log-ratio counts. */
  readonly beta?: number;
  /** ε: the share of pairs whose labels are taken to be swapped. */
  readonly labelSmoothing?: number;
  readonly likelihood?: Likelihood;
}

/**
 * DPO, a logistic loss of the implicit rewards' difference, with cDPO's smoothed labels.
 *   L = −(1−ε) log σ(βΔ) − ε log σ(−βΔ)
 * Rafailov et al. 2023, arXiv:2305.18290, Eq. 7; ε: Mitchell 2023, https://ericmitchell.ai/cdpo.pdf.
 */
export const logisticPairLoss =
  ({ beta = 0.1, labelSmoothing = 0, likelihood = 'sum' }: LogisticOptions = {}): PairLoss =>
  (terms) => {
    const logits = logRatioDifference(terms, likelihood).mul(beta);
    const loss = logits.logSigmoid().neg();
    if (labelSmoothing === 0) return loss;
    const swapped = logits.neg().logSigmoid().neg();
    return loss.mul(1 - labelSmoothing).add(swapped.mul(labelSmoothing));
  };

/**
 * S-DPO: the better completion against all worse ones at once. With one of those it is DPO.
 *   L = −log σ(−log Σ_l exp(−β Δ_l))
 * Chen et al. 2024, arXiv:2406.09215.
 */
export const softmaxPairLoss =
  ({ beta = 0.1 }: Pick<LogisticOptions, 'beta'> = {}): PairLoss =>
  (terms) => {
    const losses = logRatioDifference(terms).mul(-beta);
    const together = losses.rank === 1 ? losses : losses.logsumexp(0);
    return together.neg().logSigmoid().neg();
  };

/**
 * Robust DPO: the expected effect of labels that are swapped with probability ε is taken out.
 *   L = (−(1−ε) log σ(βΔ) + ε log σ(−βΔ)) / (1 − 2ε)
 * Chowdhury et al. 2024, arXiv:2403.00409.
 */
export const robustPairLoss =
  ({ beta = 0.1, labelSmoothing = 0 }: Omit<LogisticOptions, 'likelihood'> = {}): PairLoss =>
  (terms) => {
    const logits = logRatioDifference(terms).mul(beta);
    const clean = logits.logSigmoid().mul(1 - labelSmoothing);
    const swapped = logits.neg().logSigmoid().mul(labelSmoothing);
    return swapped.sub(clean).div(1 - 2 * labelSmoothing);
  };

export interface SquaredOptions {
  /** How much a log-ratio counts before the target is taken off. */
  readonly scale: number;
  /** What the scaled difference is drawn towards. */
  readonly target: number;
  readonly likelihood: Likelihood;
}

/** A squared distance of the log-ratios' difference from a target: (sΔ − c)². */
export const squaredPairLoss =
  ({ scale, target, likelihood }: SquaredOptions): PairLoss =>
  (terms) =>
    logRatioDifference(terms, likelihood).mul(scale).sub(target).square();

/**
 * A hinge on the implicit rewards' difference, with the reference.
 *   L = max(0, 1 − βΔ)
 * Liu et al. 2023 (RSO), arXiv:2309.06657, §3.2.
 */
export const rewardHingePairLoss =
  ({ beta = 0.1 }: { beta?: number } = {}): PairLoss =>
  (terms) =>
    logRatioDifference(terms).mul(-beta).add(1).relu();

/**
 * A hinge on the likelihoods themselves, without the reference.
 *   L = max(0, γ − log[π_θ(y_w|x) / π_θ(y_l|x)])
 * Zhao et al. 2023 (SLiC-HF), arXiv:2305.10425.
 */
export const likelihoodHingePairLoss =
  ({
    margin = 1,
    likelihood = 'mean',
  }: {
    margin?: number;
    likelihood?: Likelihood;
  } = {}): PairLoss =>
  ({ chosen, rejected }) => {
    const gap = logLikelihood(chosen, likelihood).sub(logLikelihood(rejected, likelihood));
    return gap.neg().add(margin).relu();
  };

/**
 * Keeps the better completion as likely as the reference finds it: a smoothed hinge on its log-ratio.
 *   L = log(1 + exp(1 − log[π_θ(y_w|x) / π_ref(y_w|x)]))
 * Shi et al. 2024, arXiv:2410.11677.
 */
export const referenceHingePairLoss =
  ({ likelihood = 'mean' }: { likelihood?: Likelihood } = {}): PairLoss =>
  ({ chosen }) =>
    logRatio(chosen, likelihood).sub(1).logSigmoid().neg();

/** Negative log-likelihood of the better completion: −log π_θ(y_w|x), of all of it or of its average token. */
export const likelihoodPairLoss =
  ({ likelihood = 'sum' }: { likelihood?: Likelihood } = {}): PairLoss =>
  ({ chosen }) =>
    logLikelihood(chosen, likelihood).neg();

/**
 * Cross-entropy of the better completions, where every token of the batch weighs the same.
 *   L = −Σ_t log π_θ(y_w,t) / N,   N the tokens of all better completions
 */
export const tokenLikelihoodPairLoss =
  (): PairLoss =>
  ({ chosen }, { pairs, chosenTokens }) =>
    chosen.logprob.mul(-pairs / Math.max(chosenTokens, 1));
