import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Message } from '../types.ts';
import { applyChatTemplate, byteTokenizer, renderWithMask } from './index.ts';

const python = process.env['LAUREL_PYTHON'];
const goldenFile = join(import.meta.dirname, '../../test/golden/tokenizers/families.json');

interface Golden {
  conversations: Record<string, Message[]>;
  families: Record<
    string,
    {
      template: string;
      bos: string | null;
      eos: string;
      cases: {
        conversation: string;
        text: string;
        prompt: string;
        training: { text: string; spans: string[] };
      }[];
    }
  >;
}

/** The folder of chat templates in the installed TRL. */
function shippedFolder(): string {
  const script =
    'import importlib.util as u; print(u.find_spec("trl").submodule_search_locations[0])';
  const printed = execFileSync(python!, ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  return join(printed.toString().trim(), 'chat_templates');
}

test.skipIf(python === undefined)(
  'the templates that TRL ships render and mark as transformers does (set LAUREL_PYTHON to a python with trl)',
  { timeout: 60_000 },
  () => {
    const { conversations, families } = JSON.parse(readFileSync(goldenFile, 'utf8')) as Golden;
    const folder = shippedFolder();
    for (const { template, bos, eos, cases } of Object.values(families)) {
      const specialTokens = { eos_token: eos, ...(bos !== null && { bos_token: bos }) };
      const withTemplate = (name: string) => ({
        ...byteTokenizer(),
        specialTokens,
        source: name,
        chatTemplate: readFileSync(join(folder, `${name}.jinja`), 'utf8'),
      });
      const [original, training] = [withTemplate(template), withTemplate(`${template}_training`)];
      for (const { conversation, text, prompt, training: trained } of cases) {
        const messages = conversations[conversation]!;
        expect(applyChatTemplate(original, messages)).toBe(text);
        expect(applyChatTemplate(original, messages, { addGenerationPrompt: true })).toBe(prompt);
        const rendered = renderWithMask(training, messages);
        expect(rendered.text).toBe(trained.text);
        const learned = rendered.tokens.filter((_, t) => rendered.assistantMask[t] === 1);
        expect(training.decode(learned, { skipSpecialTokens: false })).toBe(trained.spans.join(''));
      }
    }
  },
);
