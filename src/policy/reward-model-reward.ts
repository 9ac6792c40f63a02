import { basename } from 'node:path';
import { groupReward, type Reward } from '../rewards/index.ts';
import type { TextOrMessages } from '../types.ts';
import { RewardModel } from './reward-model.ts';
import { type TextTokensOptions, textTokens } from './text-tokens.ts';

export interface ScoreCompletionsByModelOptions
  extends Pick<TextTokensOptions, 'chatTemplateKwargs'> {
  /** Texts read at one time; 8 unless given. */
  readonly batchSize?: number;
}

export interface RewardModelRewardOptions extends ScoreCompletionsByModelOptions {
  /** The reward's name; the folder's unless given. */
  readonly name?: string;
  /** Where the model computes, if it is loaded here. */
  readonly device?: string;
}

/** A completion as its prompt continues: text after text, an assistant's turn after turns. */
const continuing = (prompt: TextOrMessages, completion: string): TextOrMessages =>
  typeof prompt === 'string' ? completion : [{ role: 'assistant', content: completion }];

/** What a reward model gives each of several completions, each of the prompt at its place, without gradient. */
export function scoreCompletions(
  rewardModel: RewardModel,
  prompts: readonly TextOrMessages[],
  completions: readonly string[],
  { batchSize = 8, chatTemplateKwargs = {} }: ScoreCompletionsByModelOptions = {},
): number[] {
  const texts = completions.map((completion, i) =>
    textTokens(rewardModel.tokenizer, prompts[i]!, continuing(prompts[i]!, completion), {
      chatTemplateKwargs,
    }),
  );
  return rewardModel.score(texts, { batchSize });
}

/** A reward model takes as long as it takes: it cannot hang. */
const timeoutMs = 2 ** 31 - 1;

/**
 * A trained reward model as a reward: of a folder that `laurel reward`, TRL or transformers wrote, or one that is loaded.
 * It reads prompt and completion as in training, with its own tokenizer; plain text that the policy ended is closed by
 * the end of sequence, which TRL's GRPOTrainer leaves out.
 * @throws ConfigError for a folder without a score; CheckpointError for one that cannot be read.
 */
export function rewardModel(
  source: string | RewardModel,
  { name, device, batchSize = 8, chatTemplateKwargs = {} }: RewardModelRewardOptions = {},
): Reward {
  const loaded =
    typeof source === 'string'
      ? RewardModel.load(source, { trainable: false, ...(device !== undefined && { device }) })
      : source;
  const named = name ?? (typeof source === 'string' ? basename(source) : 'reward_model');
  const reward = groupReward(named, ({ prompt: { source: prompt }, rollouts }) => {
    const texts = rollouts.map(({ text, finishReason }) =>
      textTokens(loaded.tokenizer, prompt, continuing(prompt, text), {
        chatTemplateKwargs,
        isComplete: finishReason === 'stop',
      }),
    );
    return loaded.score(texts, { batchSize });
  });
  return { ...reward, timeoutMs };
}
