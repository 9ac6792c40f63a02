// `npm run bench -- --shared-prompts`: an update that reads each prompt once for its group beside one that reads a copy
// for every completion. Both work by turns on one policy; each round gives one ratio. `--shape` takes one of the shapes,
// `--threads 1`; without them every shape runs with one thread and with two. `--record FILE` keeps the rounds.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { PromptLayout, TrainSequence } from '../dist/batches/index.js';
import { shuffledOrder } from '../dist/data/index.js';
import { byteTokenizer, Policy, update } from '../dist/index.js';
import { presets } from '../dist/losses/index.js';
import { trainableParameters } from '../dist/models/index.js';
import { adamW, decayGroups } from '../dist/optim/index.js';
import { describeSystem, setThreadCount, tensorMemory, trimMemory } from '../dist/tensor/index.js';
import { megabytes, table } from './memory-process.ts';
import { processorName } from './results.ts';

interface GroupShape {
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly vocabulary: number;
  readonly prompts: number;
  readonly promptTokens: number;
  readonly completions: number;
  readonly completionTokens: number;
}

const shapes: Readonly<Record<string, GroupShape>> = {
  recommender: {
    width: 128,
    layers: 4,
    heads: 2,
    vocabulary: 1030,
    prompts: 64,
    promptTokens: 80,
    completions: 16,
    completionTokens: 4,
  },
  'grpo-step': {
    width: 256,
    layers: 4,
    heads: 4,
    vocabulary: 512,
    prompts: 8,
    promptTokens: 32,
    completions: 8,
    completionTokens: 64,
  },
};

const { values } = parseArgs({
  options: {
    'shared-prompts': { type: 'boolean' },
    shape: { type: 'string' },
    threads: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    record: { type: 'string' },
  },
});

/** Tokens in a fixed order without rhyme; only their number matters. */
function sequencesOf(shape: GroupShape): TrainSequence[] {
  const { vocabulary, promptTokens, completionTokens } = shape;
  const order = shuffledOrder(vocabulary, 0, 0);
  const run = (start: number, length: number) =>
    Array.from({ length }, (_, t) => order[(start * 97 + t * 31) % vocabulary]!);
  return Array.from({ length: shape.prompts * shape.completions }, (_, row) => ({
    tokens: [
      ...run(Math.floor(row / shape.completions), promptTokens),
      ...run(row + 1, completionTokens),
    ],
    promptLength: promptTokens,
    completionMask: Array<number>(completionTokens).fill(1),
    advantages: Array<number>(completionTokens).fill(row % 2 === 0 ? 1 : -1),
  }));
}

interface Round {
  readonly seconds: number;
  /** The most that tensors took above what lives from step to step, bytes. */
  readonly above: number;
}

/** An update of a new policy, over and over. */
function updater(shape: GroupShape): (prompts: PromptLayout) => Promise<Round> {
  const policy = Policy.create(
    {
      modelType: 'qwen2',
      hiddenSize: shape.width,
      numHiddenLayers: shape.layers,
      numAttentionHeads: shape.heads,
      maxPositionEmbeddings: 128,
    },
    { ...byteTokenizer(), vocabSize: shape.vocabulary },
  );
  const optimizer = adamW(decayGroups(trainableParameters(policy.model), 0));
  const preset = presets.grpo();
  const sequences = sequencesOf(shape);
  return async (prompts) => {
    trimMemory();
    const before = tensorMemory().live;
    const startedAt = performance.now();
    await update({ policy, optimizer, maxGradNorm: 1 }, [sequences], {
      prompts,
      temperature: 1,
      logprobDistribution: 'full',
      entropy: 'detached',
      learningRate: 1e-6,
      loss: (scores, { completionMask, advantages }, totals) =>
        preset.loss({ ...scores, completionMask, advantages: advantages! }, totals),
    });
    const seconds = (performance.now() - startedAt) / 1000;
    return { seconds, above: tensorMemory().mostLive - before };
  };
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

interface Comparison {
  readonly shape: string;
  readonly threads: number;
  readonly rounds: readonly { readonly own: Round; readonly shared: Round }[];
}

async function compareLayouts(name: string, threads: number): Promise<Comparison> {
  setThreadCount(threads);
  const step = updater(shapes[name]!);
  for (const prompts of ['own', 'shared', 'own', 'shared'] as const) await step(prompts);
  const rounds = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const ownFirst = round % 2 === 0;
    const first = await step(ownFirst ? 'own' : 'shared');
    const second = await step(ownFirst ? 'shared' : 'own');
    rounds.push(ownFirst ? { own: first, shared: second } : { own: second, shared: first });
  }
  return { shape: name, threads, rounds };
}

function describe({ shape, threads, rounds }: Comparison): string[] {
  const { prompts, promptTokens, completions, completionTokens, width } = shapes[shape]!;
  const ratios = rounds.map(({ own, shared }) => own.seconds / shared.seconds);
  const milliseconds = (of: 'own' | 'shared') =>
    (1000 * median(rounds.map((round) => round[of].seconds))).toFixed(0);
  const memory = (of: 'own' | 'shared') =>
    megabytes(median(rounds.map((round) => round[of].above)));
  return [
    `${prompts} prompts of ${promptTokens} × ${completions} completions of ${completionTokens}, width ${width}`,
    String(threads),
    milliseconds('own'),
    milliseconds('shared'),
    `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`,
    memory('own'),
    memory('shared'),
  ];
}

const comparisons: Comparison[] = [];
for (const shape of values.shape ? [values.shape] : Object.keys(shapes)) {
  for (const threads of values.threads ? [Number(values.threads)] : [1, 2]) {
    comparisons.push(await compareLayouts(shape, threads));
  }
}
const heading = [
  'update',
  'threads',
  'copies, ms',
  'shared, ms',
  'times as fast (least–most)',
  'copies, MB above',
  'shared, MB above',
];
console.log(table(heading, comparisons.map(describe)));
if (values.record) {
  const { torch } = describeSystem();
  const machine = { processor: processorName(), cores: cpus().length, torch };
  writeFileSync(values.record, `${JSON.stringify({ machine, comparisons }, null, 2)}\n`);
  console.log(`written to ${values.record}`);
}
