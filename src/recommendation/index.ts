export { canWrite } from './can-write.ts';
export { countData, type DataCounts } from './count-data.ts';
export {
  isRecommendationData,
  type RecommendationAbout,
  readRecommendationAbout,
  readRecommendationData,
  writeRecommendationData,
} from './data-folder.ts';
export {
  type CutOff,
  type Evaluation,
  type EvaluationOptions,
  type EvaluationProgress,
  evaluateRecommender,
} from './evaluate-recommender.ts';
export { type SaveRecommenderOptions, saveRecommender } from './generative-folder.ts';
export { type GenerativeOptions, generativeRecommender } from './generative-recommender.ts';
export {
  type Catalogue,
  type ItemLanguageOptions,
  itemLanguage,
  type LanguageOptions,
  type SemanticLanguageOptions,
  type SpelledLanguage,
  semanticLanguage,
  type TitleLanguageOptions,
  type TokenLanguageOptions,
  titleLanguage,
  tokenLanguage,
} from './language/index.ts';
export { learnValidation } from './learn-validation.ts';
export {
  type LoadRecommendationOptions,
  loadRecommendationData,
  prepareSource,
} from './load-recommendation-data.ts';
export { type LoadRecommenderOptions, loadRecommender } from './load-recommender.ts';
export type { LoadedRecommender } from './loaded-recommender.ts';
export type { Finding } from './log/finding.ts';
export { type SharedNames, semanticName, sharedNames, titleName } from './log/shared-names.ts';
export { type PopularityOptions, popularityRecommender } from './popularity.ts';
export { type Prepared, type PrepareOptions, prepareLog } from './prepare-log.ts';
export { DEFAULT_KS, type Estimate, estimate, hitRate, ndcg, rankOf } from './ranking-metrics.ts';
export {
  isRecommender,
  type RecommenderFile,
  readRecommenderFile,
  writeRecommenderFile,
} from './recommender-file.ts';
export * from './sasrec/index.ts';
export {
  allowedAlong,
  type SequenceWindow,
  sequenceWindows,
  supervisedSequences,
} from './supervised-sequences.ts';
export { topItems } from './top-items.ts';
export { trainQuestions } from './train-questions.ts';
export {
  evaluationSchedule,
  type RecommenderTrainResult,
  type SupervisedRecommenderTraining,
  trainSupervisedRecommender,
} from './train-supervised.ts';
export type * from './types.ts';
export {
  chosenByValidation,
  measureRanking,
  type ValidationOptions,
  validate,
  validationQuestions,
} from './validation.ts';
export { type HistoryItems, withHistoryItems, withoutHistory } from './without-history.ts';
