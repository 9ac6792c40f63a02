import { nearestName } from '../config/index.ts';
import { ConfigError } from '../errors.ts';
import {
  accuracyReward,
  cosineScaledReward,
  exactMatchReward,
  moduleReward,
  type Reward,
  reasoningAccuracyReward,
  repetitionPenaltyReward,
  softOverlongPunishment,
  thinkFormatReward,
} from '../rewards/index.ts';
import { namesModel, resolveModelReward } from './resolve/resolve-reward-model.ts';

/** What a named reward may be made from. */
export interface RewardSettings {
  readonly solutionColumn: string;
  readonly maxCompletionLength: number;
  /** Where a reward model computes. */
  readonly device: string;
  readonly chatTemplateKwargs: Readonly<Record<string, unknown>> | null;
}

type MakeReward = (settings: RewardSettings) => Reward;

/** Rewards by the names that YAML and flags give them; TRL's where it has one. */
const rewards = new Map<string, MakeReward>([
  ['accuracy_reward', ({ solutionColumn: column }) => accuracyReward({ column })],
  [
    'reasoning_accuracy_reward',
    ({ solutionColumn: column }) => reasoningAccuracyReward({ column }),
  ],
  ['exact_match_reward', ({ solutionColumn: column }) => exactMatchReward({ column })],
  ['think_format_reward', () => thinkFormatReward()],
  ['repetition_penalty_reward', () => repetitionPenaltyReward({})],
  [
    'cosine_scaled_reward',
    ({ solutionColumn, maxCompletionLength }) =>
      cosineScaledReward({ column: solutionColumn, maxTokens: maxCompletionLength }),
  ],
  [
    'soft_overlong_punishment',
    ({ maxCompletionLength }) =>
      softOverlongPunishment({
        maxCompletionTokens: maxCompletionLength,
        softPunishTokens: Math.ceil(maxCompletionLength / 5),
      }),
  ],
]);

/** Adds a reward that a name in YAML may stand for; papers register theirs. */
export function registerReward(name: string, make: MakeReward): void {
  rewards.set(name, make);
}

/** Names that `reward_funcs` takes. */
export const rewardNames = (): string[] => [...rewards.keys()];

/**
 * The reward that a name, the folder of a reward model or `module#export` means.
 * @throws ConfigError naming the nearest known reward.
 */
export async function resolveReward(name: string, settings: RewardSettings): Promise<Reward> {
  const make = rewards.get(name);
  if (make !== undefined) return make(settings);
  if (namesModel(name)) return resolveModelReward(name, settings);
  if (/^[./~]|[#]|\.[cm]?[jt]s$/.test(name)) return moduleReward(name);
  const nearest = nearestName(name, rewardNames());
  const meant = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
  throw new ConfigError(
    `reward_funcs: no reward is called ${JSON.stringify(name)}.${meant} Built in: ${rewardNames().join(', ')}; your own: ./reward.ts#name; a reward model: its folder`,
  );
}
