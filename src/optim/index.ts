export { type AdamWOptions, adamW } from './adamw.ts';
export { type AdamWImplementation, adamWRuns } from './choose-adamw.ts';
export { clipGradNorm, type GradientNorm } from './clip-grad-norm.ts';
export { withMasterWeights } from './master-weights.ts';
export type { Optimizer, OptimizerState } from './optimizer.ts';
export {
  allParameters,
  decayGroups,
  type NamedParameters,
  type ParameterGroup,
} from './parameter-groups.ts';
export {
  constant,
  constantWithWarmup,
  cosine,
  cosineWithRestarts,
  inverseSqrt,
  linear,
  polynomial,
  type Schedule,
  type ScheduleName,
  type ScheduleOptions,
  schedules,
  warmupStableDecay,
} from './schedules.ts';
export { type SgdOptions, sgd } from './sgd.ts';
