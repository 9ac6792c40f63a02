import { ConfigError } from '../errors.ts';
import { liftReward } from './lift.ts';
import type { Reward, RewardLike } from './types.ts';

/** Rewards with the weight each enters the total with. */
export interface WeightedRewards {
  readonly rewards: readonly Reward[];
  readonly weights: readonly number[];
}

/**
 * Composes rewards into a weighted sum, `weighted([[accuracy, 1], [format, 0.2]])`.
 * The values of each reward are kept apart for metrics and for normalising them one by one.
 */
export function weighted(parts: readonly (readonly [RewardLike, number])[]): WeightedRewards {
  const weights = parts.map(([, weight]) => weight);
  return checkWeighted(
    parts.map(([reward], position) => liftReward(reward, position)),
    weights,
  );
}

/** Rewards as users pass them, with weights from an option; all 1 where it is absent. */
export function toWeighted(
  rewards: RewardLike | readonly RewardLike[] | WeightedRewards,
  weights?: readonly number[],
): WeightedRewards {
  if (typeof rewards === 'object' && 'rewards' in rewards) {
    return checkWeighted(rewards.rewards, weights ?? rewards.weights);
  }
  const list = Array.isArray(rewards) ? (rewards as RewardLike[]) : [rewards as RewardLike];
  const lifted = list.map(liftReward);
  return checkWeighted(lifted, weights ?? lifted.map(() => 1));
}

/**
 * The total of one completion's values.
 *   r = Σ_k w_k r_k  over the rewards that have a value;  `null` where none has
 */
export function weightedTotal(
  values: readonly (number | null)[],
  weights: readonly number[],
): number | null {
  if (values.every((value) => value === null)) return null;
  return values.reduce<number>((sum, value, k) => sum + (value ?? 0) * (weights[k] as number), 0);
}

function checkWeighted(rewards: readonly Reward[], weights: readonly number[]): WeightedRewards {
  if (rewards.length === 0) throw new ConfigError('rewards: expected at least one, found none');
  if (weights.length !== rewards.length) {
    throw new ConfigError(
      `reward_weights: expected ${rewards.length} weights, one per reward, found ${weights.length}`,
    );
  }
  const bad = weights.findIndex((weight) => !Number.isFinite(weight));
  if (bad >= 0) throw new ConfigError(`reward_weights[${bad}]: found ${weights[bad]}, not finite`);
  const names = rewards.map(({ name }) => name);
  const twice = names.find((name, k) => names.indexOf(name) !== k);
  if (twice !== undefined) {
    throw new ConfigError(
      `rewards: two are named "${twice}", so their metrics would collide; rename one with completionReward("other_name", …)`,
    );
  }
  return { rewards, weights };
}
