// Two training steps of a new model; run by memory-model.ts.
import { supervisedLoss } from '../dist/losses/index.js';
import { parameters } from '../dist/models/index.js';
import { adamW, decayGroups } from '../dist/optim/index.js';
import { Policy, update } from '../dist/policy/index.js';
import { setThreadCount, tensorMemory, trimMemory } from '../dist/tensor/index.js';
import { byteTokenizer } from '../dist/tokenizers/index.js';
import { peakMemory } from './memory-process.ts';

/** A model and a micro-batch. */
export interface ModelTask {
  readonly width: number;
  readonly layers: number;
  readonly vocabulary: number;
  readonly rows: number;
  readonly length: number;
  readonly recompute: boolean;
}

/** What was found, bytes and seconds. */
export interface ModelResult {
  readonly parameters: number;
  /** The most that tensors took above weights and moments. */
  readonly above: number;
  readonly peak: number;
  readonly seconds: number;
}

const task = JSON.parse(process.argv[2]!) as ModelTask & { threads: number };
setThreadCount(task.threads);
const policy = Policy.create(
  {
    modelType: 'qwen2',
    hiddenSize: task.width,
    numHiddenLayers: task.layers,
    numAttentionHeads: task.width / 64,
    maxPositionEmbeddings: task.length,
  },
  { ...byteTokenizer(), vocabSize: task.vocabulary },
);
const named = parameters(policy.model);
const optimizer = adamW(decayGroups(named, 0.01));
const sequences = Array.from({ length: task.rows }, (_, row) => ({
  tokens: Array.from({ length: task.length }, (_, t) => (row * 7919 + t * 104_729) % 256),
  promptLength: 1,
  completionMask: Array<0 | 1>(task.length - 1).fill(1),
}));

const step = () =>
  update({ policy, optimizer, maxGradNorm: 1 }, [sequences], {
    loss: ({ logprobs, entropy, isArgmax }, { completionMask }, totals) =>
      supervisedLoss({ logprobs, completionMask, entropy, isArgmax }, totals),
    learningRate: 1e-3,
    temperature: 1,
    logprobDistribution: 'full',
    entropy: 'detached',
    compareArgmax: true,
    gradientCheckpointing: task.recompute,
  });

await step();
trimMemory();
const before = tensorMemory().live;
const started = performance.now();
await step();
const seconds = (performance.now() - started) / 1000;
const result: ModelResult = {
  parameters: [...named.values()].reduce((sum, { size }) => sum + size, 0),
  above: tensorMemory().mostLive - before,
  peak: peakMemory(),
  seconds,
};
console.log(JSON.stringify(result));
