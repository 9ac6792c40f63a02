import type { RolloutGroup } from '../types.ts';

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

const lengthsOf = (name: string, lengths: readonly number[]): [string, number][] => [
  [`completions/mean${name}`, mean(lengths)],
  [`completions/min${name}`, lengths.length === 0 ? 0 : Math.min(...lengths)],
  [`completions/max${name}`, lengths.length === 0 ? 0 : Math.max(...lengths)],
];

/** TRL's `completions/*`: lengths in tokens, those that ended by themselves, and the share cut by the limit. */
export function completionMetrics(groups: readonly RolloutGroup[]): Record<string, number> {
  const rollouts = groups.flatMap((group) => group.rollouts);
  const ended = rollouts.filter(({ finishReason }) => finishReason === 'stop');
  const lengths = (of: typeof rollouts) => of.map(({ tokens }) => tokens.length);
  return Object.fromEntries([
    ...lengthsOf('_length', lengths(rollouts)),
    ...lengthsOf('_terminated_length', lengths(ended)),
    ['completions/clipped_ratio', rollouts.length === 0 ? 0 : 1 - ended.length / rollouts.length],
  ]);
}
