import { expect, test } from 'vitest';
import { Policy, resolveSampling, sampleCompletions } from '../policy/index.ts';
import { Generator, liveTensors, tensorMemory } from '../tensor/index.ts';
import { byteTokenizer } from '../tokenizers/index.ts';

test('caches of rollouts are freed when sampling ends, before an update can begin', async () => {
  const policy = Policy.create(
    { hiddenSize: 256, numHiddenLayers: 2, numAttentionHeads: 4 },
    byteTokenizer(),
  );
  const [rows, prompt, length] = [8, 12, 64];
  const sample = (onTokens?: () => void) =>
    sampleCompletions({
      ...policy,
      prompts: [Array<number>(prompt).fill(65), Array<number>(prompt / 2).fill(66)],
      groupSize: rows / 2,
      sampling: resolveSampling({ maxCompletionLength: length }),
      generator: new Generator(1),
      ...(onTokens && { onTokens }),
    });
  // The first time makes what stays: tables of the rotary embedding.
  await sample();
  const before = { bytes: tensorMemory().live, tensors: liveTensors() };
  let during = 0;
  await sample(() => {
    during = Math.max(during, tensorMemory().live - before.bytes);
  });
  // 2 layers × keys and values × 8 rows × 76 tokens × 256 numbers × 4 bytes.
  expect(during).toBeGreaterThanOrEqual(2 * 2 * rows * (prompt + length) * 256 * 4);
  expect({ bytes: tensorMemory().live, tensors: liveTensors() }).toEqual(before);
});
