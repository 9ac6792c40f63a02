import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomIntegers, streamSeed } from '../../src/data/index.ts';
import { Policy } from '../../src/policy/index.ts';
import { wordTokenizer } from '../../src/tokenizers/index.ts';

const ITEMS = 12_101;
const LEVELS = ['a', 'b', 'c', 'd'];
const WORDS = 256;
const USERS = 64;
/** Items of a history, the paper's longest. */
const HISTORY = 10;

/** Sizes of the model: 3.4 million parameters. */
const model = {
  hiddenSize: 256,
  intermediateSize: 704,
  numHiddenLayers: 4,
  numAttentionHeads: 4,
  maxPositionEmbeddings: 256,
  // Far from uniform, so that the best beams are not told apart by rounding.
  initializerRange: 0.08,
};

/** Distinct ids of four words, one from each level. */
function drawPaths(): number[][] {
  const draw = randomIntegers(streamSeed(1, 0));
  const paths = new Map<string, number[]>();
  while (paths.size < ITEMS) {
    // The first three tokens are those of roles.
    const path = LEVELS.map((_, level) => 3 + level * WORDS + draw(WORDS));
    paths.set(path.join(), path);
  }
  return [...paths.values()];
}

/** A model of random weights with what is searched: `bench.json` has every item's path and the users' prompts. */
export function makeFolder(): { folder: string; parameters: string } {
  const folder = mkdtempSync(join(tmpdir(), 'laurel-beam-search-'));
  const words = LEVELS.flatMap((level) =>
    Array.from({ length: WORDS }, (_, n) => `<${level}_${n}>`),
  );
  const policy = Policy.create(model, wordTokenizer(words), { seed: 1 });
  policy.save(folder);
  const paths = drawPaths();
  const draw = randomIntegers(streamSeed(1, 1));
  const prompts = Array.from({ length: USERS }, () => [
    policy.tokenizer.bosTokenId!,
    ...Array.from({ length: HISTORY }, () => paths[draw(ITEMS)]!).flat(),
  ]);
  writeFileSync(join(folder, 'bench.json'), JSON.stringify({ paths, prompts }));
  const { hiddenSize, numHiddenLayers, numAttentionHeads } = model;
  return {
    folder,
    parameters: `width ${hiddenSize}, ${numHiddenLayers} layers, ${numAttentionHeads} heads, histories of ${HISTORY} items, ${ITEMS} items of ${LEVELS.length} tokens`,
  };
}
