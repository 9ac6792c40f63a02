import { ConfigError } from '../errors.ts';
import type { RolloutGroup } from '../types.ts';
import type {
  CompletionContext,
  GroupRewardFunction,
  Reward,
  RewardContext,
  RewardFunction,
  RewardLike,
} from './types.ts';

/** Names a reward that scores one completion at a time; the name defaults to the function's. */
export function completionReward(name: string, score: RewardFunction): Reward;
export function completionReward(score: RewardFunction): Reward;
export function completionReward(...args: [string, RewardFunction] | [RewardFunction]): Reward {
  const [name, scoreCompletion] = args.length === 2 ? args : [args[0].name, args[0]];
  return {
    name: checkName(name),
    scoreCompletion,
    score: (group, context) =>
      Promise.all(
        group.rollouts.map((rollout, index) =>
          scoreCompletion(rollout.text, context.columns, completionContext(group, index, context)),
        ),
      ),
  };
}

/** Names a reward that scores the completions of a prompt together; the name defaults to the function's. */
export function groupReward(name: string, score: GroupRewardFunction): Reward;
export function groupReward(score: GroupRewardFunction): Reward;
export function groupReward(
  ...args: [string, GroupRewardFunction] | [GroupRewardFunction]
): Reward {
  const [name, score] = args.length === 2 ? args : [args[0].name, args[0]];
  return { name: checkName(name), score };
}

/** Turns what users pass into a reward; a function without a name is called by its position. */
export function liftReward(reward: RewardLike, position = 0): Reward {
  if (typeof reward === 'function') {
    return completionReward(reward.name || `reward_${position + 1}`, reward);
  }
  if (typeof reward?.score === 'function' && typeof reward.name === 'string') return reward;
  throw new ConfigError(
    `reward ${position + 1}: expected a function (completion, example) => number | null, or what ` +
      `completionReward or groupReward returns; found ${reward === null ? 'null' : typeof reward}`,
  );
}

/** Narrows a group's context to one of its completions. */
export function completionContext(
  group: RolloutGroup,
  index: number,
  context: RewardContext,
): CompletionContext {
  const rollout = group.rollouts[index];
  if (rollout === undefined) throw new RangeError(`no completion ${index} in this group`);
  const { tokens, finishReason } = rollout;
  return { ...context, index, completionTokens: tokens, finishReason };
}

function checkName(name: string): string {
  if (name !== '') return name;
  throw new ConfigError(
    'a reward made from a function without a name needs one: completionReward("my_reward", …)',
  );
}
