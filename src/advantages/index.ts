export type { Advantages, GroupedRewards } from './advantages.ts';
export {
  type AdvantageScaling,
  type GroupRelativeOptions,
  groupRelativeAdvantages,
  type NormalizeThenSumOptions,
  normalizeThenSumAdvantages,
} from './group-relative.ts';
export { type LeaveOneOutOptions, leaveOneOutAdvantages } from './leave-one-out.ts';
export { type ReinforceOptions, reinforceAdvantages } from './reinforce.ts';
