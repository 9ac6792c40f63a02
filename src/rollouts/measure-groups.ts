import type { Prompt, RolloutGroup } from '../types.ts';

export interface MeasureGroupsOptions {
  /** Tokens of the completion that a prompt wants; undefined where it names none. */
  readonly wanted?: (prompt: Prompt) => readonly number[] | undefined;
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

/** Whether two completions are of the same tokens. */
export const sameTokens = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((token, t) => token === b[t]);

/** Distinct completions over all of a group: 1 where no two are the same. */
export const groupDiversity = ({ rollouts }: RolloutGroup): number =>
  new Set(rollouts.map(({ tokens }) => tokens.join())).size / rollouts.length;

/** Distinct tokens over all tokens of a group's completions. */
export function tokenDiversity({ rollouts }: RolloutGroup): number {
  const tokens = rollouts.flatMap((rollout) => rollout.tokens);
  return tokens.length === 0 ? 0 : new Set(tokens).size / tokens.length;
}

/** Whether a group's rewards differ, so that it moves the policy. */
export function hasSignal(rewards: readonly (number | null)[]): boolean {
  const there = rewards.filter((reward) => reward !== null);
  return there.some((reward) => reward !== there[0]);
}

/**
 * The `rollout/*` measures of drawn groups.
 * @param rewards - Of each completion, [P][G].
 */
export function measureGroups(
  groups: readonly RolloutGroup[],
  rewards: readonly (readonly (number | null)[])[],
  { wanted }: MeasureGroupsOptions = {},
): Record<`rollout/${'group_diversity' | 'token_diversity' | 'signal_rate'}`, number> & {
  'rollout/hit_rate'?: number;
} {
  const hits = groups.flatMap(({ prompt, rollouts }) => {
    const tokens = wanted?.(prompt);
    if (tokens === undefined) return [];
    return [rollouts.some((rollout) => sameTokens(rollout.tokens, tokens)) ? 1 : 0];
  });
  return {
    'rollout/group_diversity': mean(groups.map(groupDiversity)),
    'rollout/token_diversity': mean(groups.map(tokenDiversity)),
    'rollout/signal_rate': mean(rewards.map((group) => (hasSignal(group) ? 1 : 0))),
    ...(hits.length > 0 && { 'rollout/hit_rate': mean(hits) }),
  };
}
