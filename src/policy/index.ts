export { evaluateLoss } from './evaluate-loss.ts';
export { type NewModelOptions, newModelConfig } from './new-model-config.ts';
export {
  type CreatePolicyOptions,
  type LoadPolicyOptions,
  Policy,
  type SampleOptions,
  type ScoreCompletionsOptions,
} from './policy.ts';
export { type SampleRequest, sampleCompletions } from './sample.ts';
export {
  type LogprobDistribution,
  type ResolvedSampling,
  resolveSampling,
  type SamplingOptions,
} from './sampling-options.ts';
export { headOf, type ScoreOptions, type SequenceScores, scoreSequences } from './score.ts';
export {
  type BatchLoss,
  forwardBackward,
  type Learner,
  type UpdateOptions,
  type UpdateResult,
  update,
} from './update.ts';
