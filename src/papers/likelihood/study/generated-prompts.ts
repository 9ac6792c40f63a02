import type { RandomInteger } from '../../../data/index.ts';
import { makePrompt } from '../../../rollouts/index.ts';
import type { Tokenizer } from '../../../tokenizers/index.ts';
import type { Prompt } from '../../../types.ts';
import type { Instruction } from '../task/gold-reward.ts';
import { drawInstruction, promptOf } from '../task/writer.ts';

/** Every instruction with its prompt as the policy sees it. */
export interface Asked {
  readonly instruction: Instruction;
  readonly prompt: Prompt;
}

/** Instructions as prompts, from one stream. */
export function drawPrompts(count: number, random: RandomInteger, tokenizer: Tokenizer): Asked[] {
  return Array.from({ length: count }, (_, index) => {
    const instruction = drawInstruction(random);
    const row = { example: { index, columns: {} }, prompt: promptOf(instruction) };
    return { instruction, prompt: makePrompt(row, tokenizer) };
  });
}

/** A completion begins with the space after the prompt. */
export const sentenceOf = (completion: string): string => completion.replace(/^ /, '');
