import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DataError } from '../errors.ts';
import type { Message } from '../types.ts';
import {
  applyChatTemplate,
  byteTokenizer,
  renderPromptCompletion,
  renderWithMask,
  type Tokenizer,
} from './index.ts';

const folder = join(import.meta.dirname, '../../test/golden/tokenizers');

interface Case {
  conversation: string;
  text: string;
  prompt: string;
  training: { text: string; spans: string[] };
}

interface Golden {
  conversations: Record<string, Message[]>;
  families: Record<string, { bos: string | null; eos: string; cases: Case[] }>;
}

const golden = JSON.parse(readFileSync(join(folder, 'families.json'), 'utf8')) as Golden;
const { conversations } = golden;

/** Bytes, with a family's template and the names of its special tokens. */
function tokenizerOf(family: string, bos: string | null, eos: string): Tokenizer {
  const chatTemplate = readFileSync(join(folder, 'families', `${family}.jinja`), 'utf8');
  const specialTokens = { eos_token: eos, ...(bos !== null && { bos_token: bos }) };
  return { ...byteTokenizer(), chatTemplate, specialTokens, source: family };
}

/** The texts that a mask marks, one for each run of tokens. */
function learned(tokenizer: Tokenizer, messages: readonly Message[]): string[] {
  const { tokens, assistantMask } = renderWithMask(tokenizer, messages);
  const runs: number[][] = [];
  for (const [t, token] of tokens.entries()) {
    if (assistantMask[t] === 0) continue;
    if (t === 0 || assistantMask[t - 1] === 0) runs.push([]);
    runs.at(-1)!.push(token);
  }
  return runs.map((run) => tokenizer.decode(run, { skipSpecialTokens: false }));
}

/** What TRL's templates mark besides: white space around a turn, and DeepSeek's header. */
const bare = (texts: readonly string[]): string =>
  texts
    .map((text) => text.replace('<｜Assistant｜>', '').trim())
    .join('')
    .replaceAll('\n<|endoftext|>', '<|endoftext|>');

const families = Object.entries(golden.families).map(
  ([family, { bos, eos, cases }]) => [family, tokenizerOf(family, bos, eos), cases] as const,
);

describe.each(families)('the format of %s', (family, tokenizer, cases) => {
  test.each(cases.map((entry) => [entry.conversation, entry] as const))(
    'writes %s as the family’s own template does',
    (conversation, { text, prompt }) => {
      const messages = conversations[conversation]!;
      expect(applyChatTemplate(tokenizer, messages)).toBe(text);
      const opened = applyChatTemplate(tokenizer, messages, { addGenerationPrompt: true });
      expect(opened).toBe(prompt);
    },
  );

  // Where its training template renders the same text, TRL marks the same turns.
  const alike = cases.filter(({ text, training }) => text === training.text);
  test.each(alike.map((entry) => [entry.conversation, entry] as const))(
    'learns of %s what TRL’s training template marks',
    (conversation, { training }) => {
      expect(bare(learned(tokenizer, conversations[conversation]!))).toBe(bare(training.spans));
    },
  );

  test('is compared where TRL renders alike', () => {
    expect(alike.length).toBeGreaterThan(family === 'qwen3' ? 1 : 3);
  });
});

const of = (family: string) => families.find(([name]) => name === family)![1];

test.each(['two rounds', 'system and two rounds', 'a thought in the past'])(
  'Qwen3 rewrites the first answer of %s once another follows, and is refused by name and place',
  (conversation) => {
    const refused = () => renderWithMask(of('qwen3'), conversations[conversation]!);
    expect(refused).toThrow(DataError);
    expect(refused).toThrow(
      /qwen3: the chat template rewrites earlier turns when a turn is appended/,
    );
  },
);

test('the refusal shows both readings around the first differing character', () => {
  const messages = conversations['two rounds']!;
  const text = applyChatTemplate(of('qwen3'), messages);
  // The first answer on its own opens with an empty thought: `<think>` where the whole has `It is 4.`
  const at = text.indexOf('It is 4.');
  expect(() => renderWithMask(of('qwen3'), messages)).toThrow(
    new RegExp(
      `messages 0 to 1 \\(the last by assistant\\) of 4 read .*assistant\\\\n<think>.* on their own and ` +
        `.*assistant\\\\nIt is 4.* in the whole conversation, which first differ at character ${at};`,
    ),
  );
});

test('Qwen3 is refused where its template marks generation too', () => {
  const tokenizer = of('qwen3');
  const marked = tokenizer.chatTemplate!.replace(
    `{{- '<|im_end|>\\n' }}`,
    `{%- generation %}{{- '<|im_end|>\\n' }}{% endgeneration %}`,
  );
  expect(marked).not.toBe(tokenizer.chatTemplate);
  const marking = { ...tokenizer, chatTemplate: marked };
  const ends = ['<|im_end|>\n', '<|im_end|>\n'];
  expect(learned(marking, conversations['one round']!)).toEqual(ends);
  expect(() => renderWithMask(marking, conversations['two rounds']!)).toThrow(/rewrites earlier/);
});

test('Qwen3 learns the thought of a single answer', () => {
  expect(learned(of('qwen3'), conversations['a thought']!)).toEqual([
    '<think>\nAdd them.\n</think>\n\nIt is 4.<|im_end|>',
  ]);
});

test('a prompt that opens a thought which answers lose still ends where the answer begins', () => {
  const [question, answer] = conversations['one round'] as [Message, Message];
  const parts = renderPromptCompletion(of('deepseek-r1'), [question], [answer]);
  expect(parts.completion).toBe('It is 4.<｜end▁of▁sentence｜>');
});

describe.each([
  [
    'llama2',
    '<s>[INST] What is 2 + 2? [/INST] It is 4. </s><s>[INST] Café ☕,\nplease? [/INST] Bien sûr ! </s>',
    '<s>[INST] <<SYS>>\nBe short.\n<</SYS>>\n\nWhat is 2 + 2? [/INST] It is 4. </s><s>[INST] Café ☕,\nplease? [/INST] Bien sûr ! </s>',
    [' It is 4. </s>', ' Bien sûr ! </s>'],
  ],
  [
    'mistral',
    '<s>[INST] What is 2 + 2?[/INST] It is 4.</s>[INST] Café ☕,\nplease?[/INST] Bien sûr !</s>',
    // The system turn stands in a last question only.
    '<s>[INST] What is 2 + 2?[/INST] It is 4.</s>[INST] Café ☕,\nplease?[/INST] Bien sûr !</s>',
    [' It is 4.</s>', ' Bien sûr !</s>'],
  ],
] as const)('the format of %s', (family, plain, withSystem, spans) => {
  const tokenizer = tokenizerOf(family, '<s>', '</s>');

  test('is written as published', () => {
    expect(applyChatTemplate(tokenizer, conversations['two rounds']!)).toBe(plain);
    const { 'system and two rounds': messages } = conversations;
    expect(applyChatTemplate(tokenizer, messages!)).toBe(withSystem);
  });

  test('learns the answers of both rounds', () => {
    expect(learned(tokenizer, conversations['two rounds']!)).toEqual(spans);
  });
});

test('Mistral keeps the system turn for a last question, and is refused with one before answers', () => {
  const tokenizer = tokenizerOf('mistral', '<s>', '</s>');
  expect(() => renderWithMask(tokenizer, conversations['system and two rounds']!)).toThrow(
    /read .*Be short.* on their own and .*What is 2.* in the whole conversation, .* at character 10;/,
  );
});

test('SmolLM2 has a system turn of its own and learns both answers', () => {
  const tokenizer = tokenizerOf('smollm', null, '<|im_end|>');
  expect(learned(tokenizer, conversations['two rounds']!)).toEqual([
    'It is 4.<|im_end|>',
    'Bien sûr !<|im_end|>',
  ]);
});
