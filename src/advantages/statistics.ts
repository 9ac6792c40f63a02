import { LaurelError } from '../errors.ts';
import type { GroupedRewards } from './advantages.ts';

/** Mean of the values that are not NaN; NaN where there is none. */
export function nanMean(values: readonly number[]): number {
  const present = values.filter((value) => !Number.isNaN(value));
  return present.reduce((sum, value) => sum + value, 0) / present.length;
}

/**
 * Sample standard deviation of the values that are not NaN; NaN for fewer than two.
 *   s = √( Σ (x − x̄)² / (n − 1) )
 */
export function nanStd(values: readonly number[]): number {
  const present = values.filter((value) => !Number.isNaN(value));
  if (present.length < 2) return Number.NaN;
  const mean = nanMean(present);
  const squares = present.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (present.length - 1));
}

/** As `nanStd`, but 0 for a sample of size one: a lone completion has no spread, it is not unknown. */
export function spreadOf(values: readonly number[]): number {
  return values.length === 1 ? 0 : nanStd(values);
}

/** Rewards with NaN for missing ones. Refuses NaN and infinity, which a reward may not be. */
export function withMissingAsNan(operation: string, rewards: GroupedRewards): number[][] {
  return rewards.map((group, p) =>
    group.map((reward, g) => {
      if (reward === null) return Number.NaN;
      if (Number.isFinite(reward)) return reward;
      throw new LaurelError(
        `${operation}: rewards[${p}][${g}] is ${reward}, expected a finite number or null for a missing reward`,
      );
    }),
  );
}
