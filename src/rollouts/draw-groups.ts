import { RolloutError } from '../errors.ts';
import type { Policy, ResolvedSampling } from '../policy/index.ts';
import type { Generator } from '../tensor/index.ts';
import type { Prompt, RolloutGroup } from '../types.ts';
import { collectRollouts } from './collect-rollouts.ts';

/** What a way of drawing groups is given. */
export interface DrawOptions {
  /** G: the most completions of a prompt. */
  readonly groupSize: number;
  readonly sampling: ResolvedSampling;
  /** The only source of chance, so that a resumed run draws the same. */
  readonly generator: Generator;
  readonly signal: AbortSignal;
  /** Optimiser step that the groups are for, counted from 1; 0: for an evaluation. */
  readonly step: number;
  /** Completions decoded side by side, where the way of drawing has no bound of its own. */
  readonly batchRows?: number;
}

/**
 * How the completions that are compared come about: a group per prompt, in order, of 1 to G completions. Whatever draws
 * them, their `logprobs` are the policy's, under the distribution that `sampling` names.
 */
export type DrawGroups = (
  policy: Policy,
  prompts: readonly Prompt[],
  options: DrawOptions,
) => Promise<readonly RolloutGroup[]>;

/** G independent completions of each prompt. */
export const independentGroups: DrawGroups = (policy, prompts, { step: _, ...options }) =>
  collectRollouts(policy, prompts, options);

/** @throws RolloutError for groups that are not those of the prompts, or not of 1 to G completions. */
export function assertGroups(
  groups: readonly RolloutGroup[],
  prompts: readonly Prompt[],
  groupSize: number,
): void {
  const wrong = prompts.findIndex((prompt, p) => {
    const size = groups[p]?.rollouts.length ?? 0;
    return groups[p]?.prompt !== prompt || size < 1 || size > groupSize;
  });
  if (wrong < 0 && groups.length === prompts.length) return;
  const found =
    wrong < 0
      ? `${groups.length} groups for ${prompts.length} prompts`
      : groups[wrong]?.prompt === prompts[wrong]
        ? `${groups[wrong]!.rollouts.length} for prompt ${wrong}`
        : `no group of prompt ${wrong} in its place`;
  throw new RolloutError(
    `drawGroups: expected a group of 1 to ${groupSize} completions for each prompt, in order; found ${found}`,
  );
}
