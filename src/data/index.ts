export { columnOf, requireColumns } from './columns.ts';
export { type Dataset, datasetFromRows } from './dataset.ts';
export { type CursorState, DatasetCursor, type DatasetCursorOptions } from './dataset-cursor.ts';
export { type DatasetType, type DatasetTypeName, datasetType } from './dataset-type.ts';
export { type DownloadModelOptions, downloadModel } from './download-model.ts';
export type { OnDownload } from './hub-repo.ts';
export { type LengthGroupOptions, lengthGroupedOrder } from './length-grouped-order.ts';
export { type LoadDatasetOptions, loadDataset } from './load-dataset.ts';
export type { Environment } from './local-data.ts';
export {
  purposeSeed,
  type RandomInteger,
  randomIntegers,
  splitmix64,
  streamSeed,
} from './random.ts';
export { shuffledOrder } from './shuffled-order.ts';
export { type TextTemplate, textTemplate } from './template.ts';
export { type TrainTestSplitOptions, trainTestSplit } from './train-test-split.ts';
export {
  type MessagesExample,
  type PreferenceExample,
  type PreferenceSource,
  type PromptCompletionExample,
  type PromptCompletionSource,
  type PromptExample,
  type PromptSource,
  toMessages,
  toPreference,
  toPromptCompletion,
  toPromptExample,
} from './typed-rows.ts';
