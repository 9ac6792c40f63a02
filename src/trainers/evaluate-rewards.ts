import { groupRelativeAdvantages } from '../advantages/index.ts';
import { purposeSeed } from '../data/index.ts';
import type { Metrics } from '../metrics/index.ts';
import type { Policy, ResolvedSampling } from '../policy/index.ts';
import type { RewardLike } from '../rewards/index.ts';
import { assertGroups, type DrawGroups, independentGroups } from '../rollouts/index.ts';
import { Generator } from '../tensor/index.ts';
import type { Prompt } from '../types.ts';
import type { GrpoOptions } from './config/index.ts';
import { describeGeneration, PhaseClock } from './generation-metrics.ts';
import type { ScoredGroups } from './record-keeper.ts';
import { scoreSafely } from './score-safely.ts';

export interface EvaluateRewardsOptions {
  readonly sampling: ResolvedSampling;
  readonly groupSize: number;
  /** Completions decoded side by side. */
  readonly batchRows: number;
  readonly reward: RewardLike | readonly RewardLike[];
  readonly options: Pick<GrpoOptions, 'rewardTimeoutMs' | 'rewardWeights' | 'seed'>;
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  readonly drawGroups?: DrawGroups;
  readonly onScored?: (scored: ScoredGroups) => void;
}

/** Rewards of completions of held-out prompts. Draws from a stream of its own, the same each time. */
export async function evaluateRewards(
  policy: Policy,
  held: readonly Prompt[],
  {
    sampling,
    groupSize,
    batchRows,
    reward,
    options,
    capabilities,
    signal,
    drawGroups = independentGroups,
    onScored,
  }: EvaluateRewardsOptions,
): Promise<Metrics> {
  if (held.length === 0) return {};
  const clock = new PhaseClock();
  const generator = new Generator(purposeSeed(options.seed, 'evaluation'));
  const drawing = { groupSize, sampling, generator, batchRows, signal, step: 0 };
  const groups = await drawGroups(policy, held, drawing);
  assertGroups(groups, held, groupSize);
  clock.end('time/generation');
  const { rewardTimeoutMs: timeoutMs, rewardWeights: weights } = options;
  const scores = await scoreSafely(groups, reward, {
    timeoutMs,
    signal,
    capabilities,
    ...(weights && { weights }),
  });
  clock.end('time/reward');
  onScored?.({ groups, scores });
  const advantages = groupRelativeAdvantages(scores.totals);
  // Where every reward is missing these have no value; null keeps them known to `metric_for_best_model`.
  const keys = [
    'reward',
    'reward_std',
    ...scores.names.flatMap((name) => [`rewards/${name}/mean`, `rewards/${name}/std`]),
  ];
  const { metrics } = describeGeneration(groups, scores, advantages, clock.seconds);
  return { ...Object.fromEntries(keys.map((key) => [key, null])), ...metrics } as Metrics;
}
