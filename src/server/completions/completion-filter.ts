import type { CompletionRecord, GroupRecord } from '../../runs/index.ts';

/** Which completions are shown; all that are given must hold. */
export interface CompletionFilter {
  /** Looked for in prompt and completion, letter case aside. */
  readonly q?: string | undefined;
  readonly finish?: 'stop' | 'length' | undefined;
  readonly minReward?: number | undefined;
  readonly maxReward?: number | undefined;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
}

const within = (value: number | null, low = -Infinity, high = Infinity): boolean =>
  value !== null && value >= low && value <= high;

/** Places in the group of the completions that pass. A completion without a reward passes no bound on it. */
export function matchingCompletions(group: GroupRecord, filter: CompletionFilter): number[] {
  const q = filter.q?.toLowerCase() ?? '';
  const promptMatches = q === '' || group.prompt.toLowerCase().includes(q);
  const passes = ({ text, finish_reason, length, reward }: CompletionRecord): boolean =>
    (promptMatches || text.toLowerCase().includes(q)) &&
    (filter.finish === undefined || finish_reason === filter.finish) &&
    within(length, filter.minLength, filter.maxLength) &&
    ((filter.minReward === undefined && filter.maxReward === undefined) ||
      within(reward, filter.minReward, filter.maxReward));
  return group.completions.flatMap((completion, index) => (passes(completion) ? [index] : []));
}
