/** Rewards by prompt and completion, `[P][G]`; `null` is a missing reward. Groups may differ in size. */
export type GroupedRewards = readonly (readonly (number | null)[])[];

/** What an advantage estimator returns; numbers only, no gradient. */
export interface Advantages {
  /** `[P][G]`, as the rewards; 0 where the reward is missing. */
  readonly advantages: number[][];
  /** `[P][G]`; true where a reward existed, so that the advantage is a signal and not a filler. */
  readonly scoredMask: boolean[][];
  /** Completions without a reward. */
  readonly missingCount: number;
  /** Share of completions whose group (or batch, where that is what is scaled by) has no spread: `frac_reward_zero_std`. */
  readonly zeroStdFraction: number;
}

/** Below this a standard deviation counts as zero, as `torch.isclose` does by default. */
const ZERO_STD = 1e-8;

/**
 * Packs raw advantages, in which NaN stands for "no signal", into the result every estimator returns.
 * `spreads[p]` is the standard deviation that decides whether group p counts as having none.
 */
export function packAdvantages(
  rewards: GroupedRewards,
  raw: readonly (readonly number[])[],
  spreads: readonly number[],
): Advantages {
  const scoredMask = rewards.map((group) => group.map((reward) => reward !== null));
  const total = rewards.reduce((sum, group) => sum + group.length, 0);
  const zeroStd = rewards.reduce(
    (sum, group, p) => sum + (Math.abs(spreads[p] as number) <= ZERO_STD ? group.length : 0),
    0,
  );
  return {
    advantages: raw.map((group) => group.map((value) => (Number.isNaN(value) ? 0 : value))),
    scoredMask,
    missingCount: scoredMask.flat().filter((scored) => !scored).length,
    zeroStdFraction: total === 0 ? 0 : zeroStd / total,
  };
}
