export {
  type Aggregation,
  averageTokenMean,
  type BatchTotals,
  constantLength,
  sequenceMean,
  sequenceSum,
  tokenMean,
  tokenSum,
  totalsOf,
} from './aggregate.ts';
export {
  type BradleyTerryInputs,
  type BradleyTerryOptions,
  bradleyTerryLoss,
} from './bradley-terry.ts';
export {
  type ChunkOptions,
  chunkedLogprobs,
  LOGITS_AT_ONCE,
  SCORED_AT_ONCE,
} from './chunked-logprobs.ts';
export { withChunkedLogprobs } from './chunked-logprobs-backward.ts';
export { type CispoOptions, cispo as cispoSurrogate } from './cispo.ts';
export { entropyOfLogits, entropyOfLogprobs, topEntropyMask } from './entropy.ts';
export { finiteDifferences } from './finite-differences.ts';
export { type KlEstimator, klToReference, sequenceKlToReference } from './kl.ts';
export {
  type LogisticOptions,
  likelihoodHingePairLoss,
  likelihoodPairLoss,
  logisticPairLoss,
  type PairLoss,
  type PairTotals,
  referenceHingePairLoss,
  rewardHingePairLoss,
  robustPairLoss,
  type SquaredOptions,
  softmaxPairLoss,
  squaredPairLoss,
  tokenLikelihoodPairLoss,
} from './pair-losses.ts';
export {
  type LossResult,
  type PolicyLoss,
  type PolicyLossInputs,
  type PolicyLossOptions,
  policyLoss,
  type RegularisationOptions,
} from './policy-loss.ts';
export { type PpoClipOptions, ppoClip } from './ppo-clip.ts';
export {
  type PreferenceLoss,
  type PreferenceLossOptions,
  preferenceLoss,
  type WeightedPairLoss,
} from './preference-loss.ts';
export {
  chosenCrossEntropy,
  chosenLikelihood,
  dpo,
  hinge,
  hingeOfPaper,
  ipo,
  ipoOfPaper,
  lengthNormalizedDpo,
  type PreferencePresetName,
  type PreferencePresetOptions,
  preferencePresets,
  robustDpo,
  softmaxDpo,
} from './preference-presets.ts';
export {
  type CompletionTerms,
  type Likelihood,
  logLikelihood,
  logRatio,
  logRatioDifference,
  type PreferenceInputs,
  type PreferenceTerms,
} from './preference-terms.ts';
export {
  type AdvantageRecipe,
  bnpo,
  cispo,
  dapo,
  drGrpo,
  grpo,
  gspo,
  type PolicyPreset,
  type PresetName,
  type PresetOptions,
  presets,
  reinforce,
  rloo,
  sapo,
} from './presets.ts';
export {
  type RatioLevel,
  ratioLevels,
  sequenceMeanRatio,
  sequenceRatio,
  tokenRatio,
} from './ratio-level.ts';
export { reinforce as reinforceSurrogate } from './reinforce.ts';
export { markTokens, penalizeSeen, type SeenText, seenTokens } from './repetition-penalty.ts';
export { type SapoOptions, sapo as sapoSurrogate } from './sapo.ts';
export {
  type LossMetric,
  readStatistics,
  type Statistic,
  type Statistics,
} from './statistics.ts';
export { type SupervisedInputs, supervisedLoss } from './supervised.ts';
export type { Surrogate, SurrogateResult, SurrogateTerms } from './surrogate.ts';
export {
  type TokenLogprobOptions,
  type TokenScores,
  tokenLogprobs,
} from './token-logprobs.ts';
export {
  chunkedTopKStatistics,
  type TopKOptions,
  type TopKStatistics,
  topKStatistics,
} from './top-k-statistics.ts';
