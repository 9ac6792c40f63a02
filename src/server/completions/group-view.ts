import type { CompletionRecord, GroupRecord } from '../../runs/index.ts';
import type { CompletionView, GroupView } from '../api.ts';
import type { GroupPlace } from './group-index.ts';
import { readTurns } from './turns.ts';

export interface GroupViewOptions {
  readonly place: GroupPlace;
  /** Places in the group of the completions to show. */
  readonly shown: readonly number[];
  /** Places in the step of the completions whose tokens are stored. */
  readonly withTokens: ReadonlySet<number>;
}

/** A group as the page shows it. */
export function groupView(
  group: GroupRecord,
  { place, shown, withTokens }: GroupViewOptions,
): GroupView {
  return {
    index: place.index,
    step: group.step,
    example: group.example,
    prompt: group.prompt,
    promptTurns: readTurns(group.prompt),
    completions: shown.map((at) => {
      const index = place.firstCompletion + at;
      return completionView(group.completions[at]!, index, withTokens.has(index));
    }),
    size: group.completions.length,
  };
}

function completionView(
  { text, finish_reason, length, reward, rewards, advantage }: CompletionRecord,
  index: number,
  hasTokens: boolean,
): CompletionView {
  return {
    index,
    text,
    turns: readTurns(text),
    finishReason: finish_reason,
    length,
    reward,
    rewards,
    advantage,
    hasTokens,
  };
}
