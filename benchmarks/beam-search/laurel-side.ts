// Laurel's side of `npm run bench -- --beam-search`. Arguments: threads, a recommender's folder.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PackedDecoder } from '../../src/models/index.ts';
import { Policy } from '../../src/policy/index.ts';
import { beamSearch, TokenTrie } from '../../src/rollouts/index.ts';
import { setThreadCount } from '../../src/tensor/index.ts';
import { processorSeconds } from '../processor-seconds.ts';

interface Task {
  readonly name: 'beam' | 'trie';
  readonly users: number;
  readonly width: number;
  /** Whether the paths found are wanted. */
  readonly tells?: boolean;
}

const [threads, folder] = [Number(process.argv[2]), process.argv[3]!];
setThreadCount(threads);
const { paths, prompts } = JSON.parse(readFileSync(join(folder, 'bench.json'), 'utf8')) as {
  paths: number[][];
  prompts: number[][];
};
const policy = Policy.load(folder, { trainable: false });
const constraint = TokenTrie.of(paths);
const decoder = new PackedDecoder(policy.model);

async function search({ users, width, tells }: Task) {
  const [begin, processor] = [performance.now(), processorSeconds()];
  const found = await beamSearch(policy, prompts.slice(0, users), { constraint, width, decoder });
  return {
    wall: (performance.now() - begin) / 1000,
    processor: processorSeconds() - processor,
    ...(tells && { paths: found.map((beams) => beams.map(({ tokens }) => tokens)) }),
  };
}

/** A million items of four tokens from 256 at each level, drawn by a linear congruence. */
function measureTrie() {
  let state = 1;
  const draw = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
  const items = Array.from({ length: 1_000_000 }, () =>
    [0, 256, 512, 768].map((at) => at + draw()),
  );
  const begin = performance.now();
  const trie = TokenTrie.of(items);
  const wall = (performance.now() - begin) / 1000;
  return { wall, nodes: trie.size, bytesPerNode: trie.sizeBytes / trie.size };
}

process.stdout.write(`${JSON.stringify({ threads })}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const task = JSON.parse(line) as Task;
  const answer = task.name === 'trie' ? measureTrie() : await search(task);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
