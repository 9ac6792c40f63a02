/** Rewards of the completions of each prompt, [P][G]; null where one is missing. */
export type PromptRewards = readonly (readonly (number | null)[])[];

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

const isNumber = (value: number | null): value is number => value !== null;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * The probability that a completion is preferred to the reference generator's for the same prompt, as Bradley and Terry
 * have it of rewards in nats: the mean over prompts of the mean over pairs.
 *   P_win = σ(r_policy − r_reference)
 * Shi et al. 2024, arXiv:2410.11677. Other numbers of completions than one on either side, and other units, are ours.
 * @returns null where no prompt has a reward on both sides.
 */
export function winProbability(policy: PromptRewards, reference: PromptRewards): number | null {
  const ofPrompts = policy.flatMap((rewards, p) => {
    const against = reference[p]!.filter(isNumber);
    const pairs = rewards
      .filter(isNumber)
      .flatMap((reward) => against.map((other) => sigmoid(reward - other)));
    return pairs.length === 0 ? [] : [mean(pairs)];
  });
  return ofPrompts.length === 0 ? null : mean(ofPrompts);
}
