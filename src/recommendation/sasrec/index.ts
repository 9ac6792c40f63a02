export { sasrecRanks } from './measure-ranks.ts';
export { loadSasrec, saveSasrec } from './sasrec-folder.ts';
export { sasrecGradients } from './sasrec-gradients.ts';
export { createSasrec, type SasrecModel } from './sasrec-model.ts';
export {
  type SasrecConfig,
  type SasrecOptions,
  type SasrecOptionsInput,
  sasrecOptions,
} from './sasrec-options.ts';
export { sasrecRecommender } from './sasrec-recommender.ts';
export { loadSasrecRecommender, saveSasrecRecommender } from './sasrec-recommender-folder.ts';
export { sasrecScore, sasrecScores } from './sasrec-scores.ts';
export { type SasrecResult, type SasrecTraining, trainSasrec } from './train-sasrec.ts';
