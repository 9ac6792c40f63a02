import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { madeTokenizers } from '../../test/golden/tokenizers/made-tokenizers.ts';
import type { Message } from '../types.ts';
import {
  applyChatTemplate,
  loadTokenizer,
  renderPrompt,
  renderPromptCompletion,
  renderWithMask,
  type Tokenizer,
} from './index.ts';

const golden = new URL('../../test/golden/tokenizers/', import.meta.url);
const read = (name: string) => JSON.parse(readFileSync(new URL(name, golden), 'utf8'));

interface Described {
  sha256: string;
  length: number;
  eosTokenId: number;
  padTokenId: number | null;
  bosTokenId: number | null;
  specialIds: number[];
  cases: {
    text: string;
    ids: number[];
    idsWithSpecial: number[];
    decoded: string;
    decodedSkipping: string;
  }[];
  decodes: { ids: number[]; text: string }[];
  chat: string | null;
}

const exchange = [
  { role: 'user', content: 'What is 2 + 2?' },
  { role: 'assistant', content: '4' },
];

function expectSame(tokenizer: Tokenizer, described: Described) {
  expect(tokenizer.vocabSize).toBe(described.length);
  expect(tokenizer.eosTokenId).toBe(described.eosTokenId);
  expect(tokenizer.padTokenId).toBe(described.padTokenId ?? described.eosTokenId);
  expect(tokenizer.bosTokenId).toBe(described.bosTokenId ?? undefined);
  expect([...tokenizer.specialTokenIds].sort((a, b) => a - b)).toEqual(described.specialIds);
  for (const { text, ids, idsWithSpecial, decoded, decodedSkipping } of described.cases) {
    expect(tokenizer.encode(text)).toEqual(ids);
    expect(tokenizer.encode(text, { addSpecialTokens: true })).toEqual(idsWithSpecial);
    expect(tokenizer.decode(ids, { skipSpecialTokens: false })).toBe(decoded);
    expect(tokenizer.decode(ids)).toBe(decodedSkipping);
  }
  for (const { ids, text } of described.decodes) expect(tokenizer.decode(ids)).toBe(text);
  if (described.chat !== null) expect(applyChatTemplate(tokenizer, exchange)).toBe(described.chat);
}

for (const [version, { made }] of Object.entries<{ made: Record<string, Described> }>(
  read('made.json'),
)) {
  describe(`tokenizers made in code, against transformers ${version}`, () => {
    for (const [name, tokenizer] of Object.entries(madeTokenizers)) {
      it(`${name} encodes and decodes as transformers does with the saved folder`, () => {
        expectSame(tokenizer, made[name]!);
      });

      it(`${name} saves the file transformers was given, and reads it back the same`, () => {
        const folder = mkdtempSync(join(tmpdir(), 'laurel-tokenizer-'));
        tokenizer.save(folder);
        const hash = createHash('sha256').update(readFileSync(join(folder, 'tokenizer.json')));
        expect(hash.digest('hex')).toBe(made[name]!.sha256);
        expectSame(loadTokenizer(folder), made[name]!);
      });
    }
  });
}

for (const [version, { trained }] of Object.entries<{ trained: Record<string, Described> }>(
  read('trained.json'),
)) {
  describe(`loaded tokenizers, against transformers ${version}`, () => {
    it.each(Object.keys(trained))('%s encodes and decodes the same', (name) => {
      const folder = new URL(`trained/${name}`, golden).pathname;
      expectSame(loadTokenizer(folder), trained[name]!);
    });
  });
}

interface TemplateCase {
  template: string;
  conversation: string;
  options: object;
  text?: string;
  ids?: number[];
  assistantMask?: number[];
  error?: string;
}
interface TemplateGolden {
  conversations: Record<string, Message[]>;
  cases: TemplateCase[];
}

for (const [version, { conversations, cases }] of Object.entries<TemplateGolden>(
  read('templates.json'),
)) {
  describe(`chat templates, against transformers ${version}`, () => {
    const title = (c: TemplateCase) =>
      `${c.template}: ${c.conversation} with ${Object.keys(c.options).join(', ') || 'no options'}`;
    it.each(cases.map((c) => [title(c), c] as const))('%s', (_, c) => {
      const tokenizer = loadTokenizer(new URL('trained/bytes-bpe', golden).pathname, {
        chatTemplate: readFileSync(new URL(`templates/${c.template}.jinja`, golden), 'utf8'),
      });
      const messages = conversations[c.conversation]!;
      if (c.error !== undefined) {
        const reason = c.error.slice(c.error.indexOf(': ') + 2);
        expect(() => applyChatTemplate(tokenizer, messages, c.options)).toThrow(reason);
        return;
      }
      expect(applyChatTemplate(tokenizer, messages, c.options)).toBe(c.text);
      if (c.assistantMask && !('addGenerationPrompt' in c.options)) {
        const { tokens, assistantMask } = renderWithMask(tokenizer, messages, c.options);
        expect(tokens).toEqual(c.ids);
        expect(assistantMask).toEqual(c.assistantMask);
      }
    });
  });
}

interface PromptCase {
  template: string;
  conversation: string;
  cut: number;
  alone: string;
  prompt: string;
  completion: string;
}

const { conversations } = Object.values<TemplateGolden>(read('templates.json'))[0]!;
for (const [version, { trl, cases }] of Object.entries<{ trl: string; cases: PromptCase[] }>(
  read('prompts.json'),
)) {
  describe(`prompts and completions, against TRL ${trl} on transformers ${version}`, () => {
    const title = (c: PromptCase) => `${c.template}: ${c.conversation} cut at ${c.cut}`;
    it.each(cases.map((c) => [title(c), c] as const))('%s', (_, c) => {
      const tokenizer = loadTokenizer(new URL('trained/bytes-bpe', golden).pathname, {
        chatTemplate: readFileSync(new URL(`templates/${c.template}.jinja`, golden), 'utf8'),
      });
      const messages = conversations[c.conversation]!;
      const prompt = messages.slice(0, c.cut);
      const found = renderPromptCompletion(tokenizer, prompt, messages.slice(c.cut));
      expect(found).toEqual({ prompt: c.prompt, completion: c.completion });
      expect(renderPrompt(tokenizer, prompt)).toBe(c.alone);
    });
  });
}
