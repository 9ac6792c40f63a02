import type { Columns, RolloutGroup } from '../types.ts';

/**
 * A group made of texts instead of samples: to try a reward on written completions, without a policy.
 * Each completion has one token per code point.
 */
export function groupOfTexts(completions: readonly string[], columns: Columns = {}): RolloutGroup {
  const prompt = { example: { index: 0, columns }, source: '', text: '', tokens: [] };
  const rollouts = completions.map((text) => {
    const tokens = Array.from(text, (character) => character.codePointAt(0) as number);
    return { tokens, text, logprobs: tokens.map(() => 0), finishReason: 'stop' as const };
  });
  return { prompt, rollouts };
}
