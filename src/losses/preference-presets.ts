import {
  likelihoodHingePairLoss,
  likelihoodPairLoss,
  logisticPairLoss,
  type PairLoss,
  referenceHingePairLoss,
  rewardHingePairLoss,
  robustPairLoss,
  softmaxPairLoss,
  squaredPairLoss,
  tokenLikelihoodPairLoss,
} from './pair-losses.ts';

export interface PreferencePresetOptions {
  /** β, called τ by IPO and α by the hinge of Shi et al.: how much the reference holds. */
  readonly beta?: number;
  /** ε: the share of pairs whose labels are taken to be swapped. */
  readonly labelSmoothing?: number;
}

type Preset = (options?: PreferencePresetOptions) => PairLoss;

/** DPO. Rafailov et al. 2023, arXiv:2305.18290. TRL 1.13's `sigmoid` has no label smoothing; here it is cDPO's. */
export const dpo: Preset = (options = {}) => logisticPairLoss(options);

/** S-DPO: DPO against several worse completions at once. Chen et al. 2024, arXiv:2406.09215. Not in TRL. */
export const softmaxDpo: Preset = (options = {}) => softmaxPairLoss(options);

/** DPO of the average token's log-ratio. TRL's `sigmoid_norm`. */
export const lengthNormalizedDpo: Preset = (options = {}) =>
  logisticPairLoss({ ...options, likelihood: 'mean' });

/** DPO under noisy labels. Chowdhury et al. 2024, arXiv:2403.00409. */
export const robustDpo: Preset = (options = {}) => robustPairLoss(options);

/**
 * IPO as TRL has it, over average tokens: (Δ/|y| − 1/(2τ))², τ = β. Azar et al. 2023, arXiv:2310.12036, Eq. 17, divides
 * by no length.
 */
export const ipo: Preset = ({ beta = 0.1 } = {}) =>
  squaredPairLoss({ scale: 1, target: 1 / (2 * beta), likelihood: 'mean' });

/**
 * IPO as Shi et al. 2024, arXiv:2410.11677, have it, over whole completions: (τΔ − ½)², τ = β. At equal τ and one
 * token it is τ² times `ipo`.
 */
export const ipoOfPaper: Preset = ({ beta = 0.1 } = {}) =>
  squaredPairLoss({ scale: beta, target: 0.5, likelihood: 'sum' });

/** The hinge as TRL has it: max(0, 1 − βΔ), with the reference. */
export const hinge: Preset = ({ beta = 0.1 } = {}) => rewardHingePairLoss({ beta });

/**
 * The hinge as Shi et al. 2024, arXiv:2410.11677, have it (SLiC-HF): max(0, 1 − log[π_θ(y_w|x) / π_θ(y_l|x)]) over
 * average tokens, without the reference, plus α = β times a smoothed hinge that holds y_w to the reference.
 */
export const hingeOfPaper: Preset = ({ beta = 0.1 } = {}) => {
  const [ranking, holding] = [likelihoodHingePairLoss(), referenceHingePairLoss()];
  return (terms, totals) => ranking(terms, totals).add(holding(terms, totals).mul(beta));
};

/** Cross-entropy of the better completions over all of the batch's tokens. TRL's `sft`, once `rpo_alpha`. */
export const chosenCrossEntropy: Preset = () => tokenLikelihoodPairLoss();

/** The regulariser λ·NLL of Shi et al. 2024, arXiv:2410.11677: −log π_θ(y_w|x), summed over tokens. */
export const chosenLikelihood: Preset = () => likelihoodPairLoss();

/** Every preference preset, by the name that YAML gives it. */
export const preferencePresets = {
  sigmoid: dpo,
  sigmoid_norm: lengthNormalizedDpo,
  robust: robustDpo,
  softmax: softmaxDpo,
  ipo,
  ipo_paper: ipoOfPaper,
  hinge,
  hinge_paper: hingeOfPaper,
  sft: chosenCrossEntropy,
  nll: chosenLikelihood,
} as const satisfies Readonly<Record<string, Preset>>;

export type PreferencePresetName = keyof typeof preferencePresets;
