export { type CapoOptions, capoTokenFilter } from './capo-token-filter.ts';
export type { FilterLevel } from './pooling.ts';
export { predictShifts, type Shifts, type TokenUpdate } from './shifts.ts';
export { SparseAdam, type SparseAdamOptions } from './sparse-adam.ts';
export {
  type AdamCoefficients,
  type HeadGradients,
  headAdamStepModel,
  type StepModel,
  sgdStepModel,
} from './step-model.ts';
export type { TrustRegion } from './trust-region.ts';
