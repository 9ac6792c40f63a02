import { ConfigError } from '../errors.ts';
import { completionReward } from './lift.ts';
import type { Reward } from './types.ts';

export interface FormatOptions {
  /** Name of the reward and of its metrics. */
  readonly name?: string;
}

/**
 * 1 where the whole completion matches a pattern, 0 otherwise. Anchors are added: `/\d+/` asks for digits only.
 * A pattern that backtracks without end runs into the reward's time limit.
 * @throws ConfigError for a global or sticky pattern, whose result would depend on the call before.
 */
export function formatReward(
  pattern: RegExp,
  { name = 'format_reward' }: FormatOptions = {},
): Reward {
  if (pattern.global || pattern.sticky) {
    throw new ConfigError(`formatReward: ${pattern} has flag g or y; remove it`);
  }
  const whole = new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace('m', ''));
  return completionReward(name, (completion) => (whole.test(completion) ? 1 : 0));
}
