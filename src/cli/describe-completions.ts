import type { RolloutGroup } from '../types.ts';

const oneLine = (text: string): string => JSON.stringify(text).slice(1, -1);

/** Prompts with their completions and rewards, one completion a line. */
export function describeCompletions(
  groups: readonly RolloutGroup[],
  rewards: readonly (readonly (number | null)[])[],
  limit: number,
): string {
  const lines: string[] = [];
  let shown = 0;
  for (const [p, { prompt, rollouts }] of groups.entries()) {
    if (shown >= limit) break;
    lines.push(`  ${oneLine(prompt.text)}`);
    for (const [g, { text, finishReason }] of rollouts.entries()) {
      if (shown++ >= limit) break;
      const reward = rewards[p]![g];
      const ending = finishReason === 'length' ? ' …' : '';
      lines.push(
        `    ${reward === null || reward === undefined ? '  none' : reward.toFixed(3).padStart(6)}  ${oneLine(text)}${ending}`,
      );
    }
  }
  return lines.join('\n');
}
