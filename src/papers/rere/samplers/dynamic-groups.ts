import type { TokenConstraint } from '../../../policy/index.ts';
import { type DrawGroups, sameTokens } from '../../../rollouts/index.ts';
import type { Rollout, RolloutGroup } from '../../../types.ts';
import { wantedTokens } from '../next-item-columns.ts';
import { constrainedGroups } from './constrained-groups.ts';

export interface DynamicOptions {
  /** Completions drawn for each one that is kept. */
  readonly oversampling?: number;
}

/** Completions of equal tokens together, the most frequent first, of equally frequent ones the first drawn. */
function byFrequency(rollouts: readonly Rollout[]): Rollout[][] {
  const groups = new Map<string, Rollout[]>();
  for (const rollout of rollouts) {
    const key = rollout.tokens.join();
    const copies = groups.get(key);
    if (copies === undefined) groups.set(key, [rollout]);
    else copies.push(rollout);
  }
  return [...groups.values()].sort((a, b) => b.length - a.length);
}

/** One of each, then a second of each that has one, and so on. */
function roundRobin(copies: readonly (readonly Rollout[])[]): Rollout[] {
  const rounds = Math.max(0, ...copies.map(({ length }) => length));
  return Array.from({ length: rounds }, (_, round) =>
    copies.flatMap((some) => (round < some.length ? [some[round]!] : [])),
  ).flat();
}

/**
 * Keeps G of more completions: those that are the target, then different ones, the most frequent first, in turns.
 * @param target - Its tokens.
 */
export function selectDiverse(
  rollouts: readonly Rollout[],
  target: readonly number[],
  groupSize: number,
): Rollout[] {
  const isTarget = ({ tokens }: Rollout) => sameTokens(tokens, target);
  const others = byFrequency(rollouts.filter((rollout) => !isTarget(rollout)));
  return [...rollouts.filter(isTarget), ...roundRobin(others)].slice(0, groupSize);
}

/**
 * Dynamic sampling: ⌈1.5 G⌉ independent completions under the constraint, of which the G that differ most are kept, the
 * target before all.
 */
export const dynamicGroups =
  (constraint: TokenConstraint, { oversampling = 1.5 }: DynamicOptions = {}): DrawGroups =>
  async (policy, prompts, options) => {
    const { groupSize } = options;
    const drawn = await constrainedGroups(constraint)(policy, prompts, {
      ...options,
      groupSize: Math.ceil(oversampling * groupSize),
    });
    return drawn.map(
      ({ prompt, rollouts }): RolloutGroup => ({
        prompt,
        rollouts: selectDiverse(rollouts, wantedTokens(prompt.example.columns), groupSize),
      }),
    );
  };
