import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { workplace } from '../support/laurel-command.ts';

const { laurel, write } = workplace();

const messages = [
  { role: 'user', content: 'What is 2 + 2?' },
  { role: 'assistant', content: 'It is 4.' },
  { role: 'user', content: 'Sure?' },
  { role: 'assistant', content: 'Yes.' },
];
for (const split of ['train', 'test'])
  write(`chat/${split}.jsonl`, `${JSON.stringify({ messages })}\n`);

const family = (name: string): string =>
  fileURLToPath(new URL(`../golden/tokenizers/families/${name}.jinja`, import.meta.url));

const model = {
  hidden_size: 8,
  intermediate_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 1,
  max_position_embeddings: 512,
};
const byBytes = { tokenizer: 'byte', eos_token: '<|im_end|>' };
write('model.yaml', stringify({ model, dataset_name: 'chat', ...byBytes }));

const showTokens = (template: string, assistantOnlyLoss: boolean) =>
  laurel([
    'show-tokens',
    ...['--config', 'model.yaml', '--plain', '--chat_template_path', template],
    ...['--assistant_only_loss', String(assistantOnlyLoss)],
  ]);

/** What stands in brackets, one text for each run of tokens. */
const learned = (shown: string): string[] =>
  (shown.match(/(\[[^\]]*\])+/g) ?? []).map((run) => run.slice(1, -1).replaceAll('][', ''));

test.each(['qwen2', 'smollm'])(
  'of a conversation in the format of %s only what the assistant said is learned, in every turn',
  async (name) => {
    const { code, stdout, stderr } = await showTokens(family(name), true);
    expect(code, stderr).toBe(0);
    expect(learned(stdout)).toEqual(['It is 4.<|im_end|>', 'Yes.<|im_end|>']);
  },
);

test('without assistant_only_loss all of the conversation is learned', async () => {
  const { stdout } = await showTokens(family('smollm'), false);
  expect(learned(stdout).join('')).toContain('What is 2 + 2?');
});

test('a template that rewrites earlier turns is refused with the reason and the place', async () => {
  const { code, stdout, stderr } = await showTokens(family('qwen3'), true);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/the chat template rewrites earlier turns when a turn is appended/);
  expect(stderr).toMatch(/<think>.* on their own and .*It is 4.* in the whole conversation/);
});
