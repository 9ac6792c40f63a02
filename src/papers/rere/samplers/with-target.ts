import type { TrainSequence } from '../../../batches/index.ts';
import { type Policy, type ResolvedSampling, scoreSequences } from '../../../policy/index.ts';
import { allowedAlong } from '../../../recommendation/index.ts';
import type { DrawGroups, TokenTrie } from '../../../rollouts/index.ts';
import type { Prompt, Rollout } from '../../../types.ts';
import { wantedTokens } from '../next-item-columns.ts';

/** Sequences scored at one time. */
const BATCH_SIZE = 256;

function sequenceOf(prompt: Prompt, trie: TokenTrie): TrainSequence {
  const tokens = wantedTokens(prompt.example.columns);
  return {
    tokens: [...prompt.tokens, ...tokens],
    promptLength: prompt.tokens.length,
    completionMask: tokens.map(() => 1),
    keptTokens: allowedAlong(trie, tokens),
  };
}

/** Each prompt's target as a completion, with the log-probabilities that the policy gives it. */
function targetRollouts(
  { model, tokenizer }: Policy,
  prompts: readonly Prompt[],
  trie: TokenTrie,
  { temperature, logprobDistribution }: ResolvedSampling,
): Rollout[] {
  const sequences = prompts.map((prompt) => sequenceOf(prompt, trie));
  const scores = scoreSequences(model, sequences, {
    temperature,
    logprobDistribution,
    padTokenId: tokenizer.padTokenId,
    batchSize: BATCH_SIZE,
  });
  return sequences.map(({ tokens: whole, promptLength, keptTokens }, p) => {
    const tokens = whole.slice(promptLength);
    return {
      tokens,
      text: tokenizer.decode(tokens),
      logprobs: scores[p]!.logprobs,
      finishReason: 'stop',
      ...(logprobDistribution === 'sampled' && keptTokens && { keptTokens }),
    };
  });
}

/**
 * Replaces the last completion of each group by the prompt's target, as the paper's `add_gt`: also where the group has
 * the target already. Its log-probabilities are scored by the policy, so that the on-policy ratio is 1 as for the rest.
 */
export const withTarget =
  (draw: DrawGroups, trie: TokenTrie): DrawGroups =>
  async (policy, prompts, options) => {
    const groups = await draw(policy, prompts, options);
    const targets = targetRollouts(policy, prompts, trie, options.sampling);
    return groups.map(({ prompt, rollouts }, p) => ({
      prompt,
      rollouts: [...rollouts.slice(0, -1), targets[p]!],
    }));
  };
