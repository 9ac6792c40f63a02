export { layerNumbersPerToken, recomputesLayers } from './activation-memory.ts';
export { remembersScores } from './attention.ts';
export type { Segments } from './attention-mask.ts';
export { cloneModel } from './clone-model.ts';
export { type Dropout, drop, dropoutAt } from './dropout.ts';
export { type ForwardInputs, fillCache, hiddenStates, logits } from './forward.ts';
export { type InitOptions, initModel } from './init-model.ts';
export {
  type CacheOptions,
  createCache,
  KeyValueCache,
  type TokenPlaces,
  type TokenStore,
} from './key-value-cache.ts';
export {
  findBaseFolder,
  isAdapterFolder,
  loadAdapters,
  readAdapterConfig,
  saveAdapters,
} from './lora/adapter-folder.ts';
export { adaptedModules, trainableParameters } from './lora/adapter-parameters.ts';
export {
  type Adapters,
  adapterTensors,
  type LayerAdapters,
  type LoraAdapter,
  type LoraConfig,
} from './lora/adapters.ts';
export { addAdapters, baseModel, type LoraOptions } from './lora/add-adapters.ts';
export { type MergedModel, mergeAdapters, mergedForReading } from './lora/merge-adapters.ts';
export {
  formatModelConfig,
  type ModelConfig,
  type ModelConfigInput,
  type ModelOutput,
  type ModelType,
  modelTypes,
  parseModelConfig,
} from './model-config.ts';
export {
  type LoadOptions,
  loadModel,
  readModelConfig,
  type SaveOptions,
  saveModel,
} from './model-folder.ts';
export {
  type BranchInputs,
  type DecodeInputs,
  PackedDecoder,
  type StepOutput,
} from './packed-decoder.ts';
export type { ParameterEntry, ParameterTable } from './parameter-table.ts';
export { parameterEntries, parameterTable } from './parameter-table.ts';
export { type StatesOptions, withHiddenStates } from './recomputed-states.ts';
export { restoreParameters } from './restore-parameters.ts';
export type { RopeConfig } from './rope-config.ts';
export { addScoreHead } from './score-head.ts';
export {
  type LayerWeights,
  type Model,
  type Projection,
  parameters,
  type Weights,
} from './weights.ts';
