import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadTokenizer } from '../tokenizers/index.ts';
import type { Message, TextOrMessages } from '../types.ts';
import { supervisedSequence } from './supervised-sequences.ts';

const folder = join(import.meta.dirname, '../../test/golden/tokenizers');

interface Golden {
  cases: { prompt: TextOrMessages; completion: TextOrMessages; ids: number[]; labels: number[] }[];
}

const golden = JSON.parse(readFileSync(join(folder, 'prompt-completion.json'), 'utf8')) as Golden;
const chatTemplate = readFileSync(join(folder, 'families/smollm.jinja'), 'utf8');
const tokenizer = loadTokenizer(join(folder, 'trained/bytes-bpe'), { chatTemplate });

const shown = (part: TextOrMessages): string =>
  typeof part === 'string' ? part : part.map(({ content }: Message) => content).join(' / ');

/** The label of a token that TRL does not learn. */
const IGNORED = -100;

test.each(
  golden.cases.map((entry) => [shown(entry.prompt), shown(entry.completion), entry] as const),
)(
  '%j and %j become the tokens and labels of TRL’s SFTTrainer',
  (_prompt, _completion, { prompt, completion, ids, labels }) => {
    const example = { index: 0, columns: {} };
    const row = { example, prompt, completion } as Parameters<typeof supervisedSequence>[0];
    const sequence = supervisedSequence(row, tokenizer, {
      maxLength: 1024,
      completionOnlyLoss: null,
      assistantOnlyLoss: false,
      contextLength: 1024,
    });
    expect(sequence.tokens).toEqual(ids);
    const learned = sequence.tokens.map((token, t) =>
      sequence.completionMask[t - sequence.promptLength] === 1 ? token : IGNORED,
    );
    expect(learned).toEqual(labels);
  },
);
