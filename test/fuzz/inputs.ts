import fc from 'fast-check';
import { randomIntegers, streamSeed } from '../../src/data/index.ts';
import { safetensorsTarget, tokenizerTarget, yamlTarget } from './file-targets.ts';
import { mutate } from './mutate.ts';
import { csvTarget, jsonlTarget, parquetTarget } from './row-targets.ts';
import type { FuzzTarget } from './target.ts';

/** Every reader that takes files from outside. */
export const targets: readonly FuzzTarget[] = [
  safetensorsTarget,
  tokenizerTarget,
  yamlTarget,
  csvTarget,
  parquetTarget,
  jsonlTarget,
];

/** One input in this many has structure and arbitrary content; the others are mutated seeds. */
const STRUCTURED_EVERY = 4;

export const isStructured = (index: number): boolean => index % STRUCTURED_EVERY === 0;

/** The input of a number: the same for the same seed, on every machine. */
export function inputAt(target: FuzzTarget, seed: number, index: number): Buffer {
  if (isStructured(index)) {
    const [sampled] = fc.sample(target.structured, { seed: seed * 1_000_003 + index, numRuns: 1 });
    return sampled!;
  }
  return mutate(randomIntegers(streamSeed(seed, index)), target);
}
