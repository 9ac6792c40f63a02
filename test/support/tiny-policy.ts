import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { PromptExample } from '../../src/data/index.ts';
import { type CreatePolicyOptions, type NewModelOptions, Policy } from '../../src/policy/index.ts';
import { setThreadCount } from '../../src/tensor/index.ts';
import { charTokenizer, type Tokenizer } from '../../src/tokenizers/index.ts';

// Tiny operators gain nothing from a second thread, and sums in one order are the same everywhere.
setThreadCount(1);

/** 20 ids: 16 letters, `<|pad|>` 16, `<|eos|>` 17, two of chat. */
export const letters = charTokenizer('abcdefghijklmnop');

const sizes: NewModelOptions = {
  modelType: 'qwen2',
  hiddenSize: 16,
  intermediateSize: 24,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
  numKeyValueHeads: 2,
  maxPositionEmbeddings: 64,
  initializerRange: 0.4,
};

/** A decoder of random weights, large enough that its distributions are far from uniform. */
export const tinyPolicy = (
  { tokenizer = letters, ...changes }: NewModelOptions & { tokenizer?: Tokenizer } = {},
  options: CreatePolicyOptions = {},
): Policy => Policy.create({ ...sizes, ...changes }, tokenizer, { seed: 7, ...options });

/** Rows of a dataset, one for each prompt. */
export const promptExamples = (prompts: readonly string[]): PromptExample[] =>
  prompts.map((prompt, index) => ({ example: { index, columns: { prompt } }, prompt }));

/** A new folder, removed when the tests of the file are done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'laurel-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
