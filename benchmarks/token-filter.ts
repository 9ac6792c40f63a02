// `npm run bench -- --token-filter`: what CAPO's filter adds to an update, as a share of the update without it. Both
// updates work by turns on one policy; each round gives one ratio. `--shape wide` takes Qwen2's width and vocabulary.
// Processor time is what counts where other work shares the machine; it is told with one thread (OMP_NUM_THREADS=1) alone,
// since threads that wait for each other count as busy.
import { parseArgs } from 'node:util';
import { shuffledOrder } from '../dist/data/index.js';
import {
  byteTokenizer,
  capoTokenFilter,
  Policy,
  SparseAdam,
  type TokenFilter,
  threadCount,
  update,
} from '../dist/index.js';
import { presets } from '../dist/losses/index.js';
import { trainableParameters } from '../dist/models/index.js';
import { adamW, decayGroups } from '../dist/optim/index.js';

const shapes = {
  narrow: {
    hiddenSize: 256,
    numHiddenLayers: 4,
    numAttentionHeads: 4,
    vocabSize: 512,
    bar: 0.1,
    rows: 32,
  },
  wide: {
    hiddenSize: 896,
    numHiddenLayers: 6,
    numAttentionHeads: 14,
    vocabSize: 151_936,
    bar: 0.03,
    rows: 8,
  },
};

const { values } = parseArgs({
  options: {
    'token-filter': { type: 'boolean' },
    shape: { type: 'string', default: 'narrow' },
    rounds: { type: 'string', default: '9' },
    top: { type: 'string', default: '50' },
  },
});
const { bar, rows, vocabSize, ...sizes } = shapes[values.shape as keyof typeof shapes];
const [PROMPT, COMPLETION] = [16, 64];

const policy = Policy.create(
  { ...sizes, modelType: 'qwen2', maxPositionEmbeddings: 128 },
  { ...byteTokenizer(), vocabSize },
);
const optimizer = adamW(decayGroups(trainableParameters(policy.model), 0));
const learner = { policy, optimizer, maxGradNorm: 1 };
const filter = capoTokenFilter({
  objectiveBound: 1e9,
  policyBound: 1e9,
  topTokens: Number(values.top),
  stepModel: new SparseAdam({ vocabSize }),
});

/** Tokens in a fixed order without rhyme; only their number matters. */
const order = shuffledOrder(vocabSize, 0, 0);
const sequences = Array.from({ length: rows }, (_, row) => ({
  tokens: Array.from(
    { length: PROMPT + COMPLETION },
    (_, t) => order[(row * 97 + t * 31) % vocabSize]!,
  ),
  promptLength: PROMPT,
  completionMask: Array<number>(COMPLETION).fill(1),
  advantages: Array<number>(COMPLETION).fill(row % 2 === 0 ? 1 : -1),
}));
const preset = presets.grpo();

interface Cost {
  readonly wall: number;
  readonly processor: number;
}

async function seconds(tokenFilter: TokenFilter | undefined): Promise<Cost> {
  const startedAt = performance.now();
  const usedBefore = process.cpuUsage();
  await update(learner, [sequences], {
    temperature: 1,
    logprobDistribution: 'full',
    entropy: 'detached',
    learningRate: 1e-6,
    loss: (scores, { completionMask, advantages }, totals) =>
      preset.loss({ ...scores, completionMask, advantages: advantages! }, totals),
    tokenFilter,
    dividesByTokens: preset.dividesByTokens,
  });
  const used = process.cpuUsage(usedBefore);
  return {
    wall: (performance.now() - startedAt) / 1000,
    processor: (used.user + used.system) / 1e6,
  };
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

for (const each of [filter, undefined, filter]) await seconds(each);
const rounds: [plain: Cost, filtered: Cost][] = [];
for (let round = 0; round < Number(values.rounds); round++) {
  const first = round % 2 === 0 ? undefined : filter;
  const one = await seconds(first);
  const other = await seconds(first === undefined ? filter : undefined);
  rounds.push(first === undefined ? [one, other] : [other, one]);
}
const percent = (share: number) => `${(100 * share).toFixed(1)}%`;

function describe(by: keyof Cost): string {
  const shares = rounds.map(([plain, filtered]) => filtered[by] / plain[by] - 1);
  const middle = (side: 0 | 1) => median(rounds.map((round) => round[side][by])).toFixed(3);
  return `${by} time: update ${middle(0)} s, filtered ${middle(1)} s; the filter adds ${percent(median(shares))} (${percent(Math.min(...shares))} to ${percent(Math.max(...shares))}, ${rounds.length} pairs); bar ${percent(bar)}`;
}

console.log(
  [
    `width ${sizes.hiddenSize}, ${sizes.numHiddenLayers} layers, vocabulary ${vocabSize}, ${rows * COMPLETION} tokens, k = ${values.top}, ${threadCount()} threads`,
    describe('wall'),
    ...(threadCount() === 1 ? [describe('processor')] : []),
  ].join('\n'),
);
