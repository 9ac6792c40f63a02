// This engine's side of the benchmark: the model of shape.json, driven line by line by bench.ts. A line on standard
// input names a task; a line of JSON on standard output gives its wall and processor seconds.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { TrainSequence } from '../dist/batches/index.js';
import { supervisedLoss } from '../dist/losses/index.js';
import { hiddenStates, logits, parameters } from '../dist/models/index.js';
import { adamW, decayGroups } from '../dist/optim/index.js';
import { Policy, resolveSampling, sampleCompletions, update } from '../dist/policy/index.js';
import {
  callTensor,
  describeSystem,
  Generator,
  liveTensors,
  setThreadCount,
  threadCount,
  tidy,
  tokenTensor,
} from '../dist/tensor/index.js';
import { charTokenizer } from '../dist/tokenizers/index.js';

interface Shape {
  vocabulary: number;
  width: number;
  inner: number;
  layers: number;
  heads: number;
  trainRows: number;
  trainTokens: number;
  sampleTokens: number;
}

/** What the parent asks for. */
interface Task {
  name: 'step' | 'update' | 'sample' | 'memory';
  rows?: number;
  repeats?: number;
}

setThreadCount(Number(process.argv[2] ?? 1));
const shape = JSON.parse(readFileSync(new URL('shape.json', import.meta.url), 'utf8')) as Shape;
const letters = String.fromCodePoint(
  ...Array.from({ length: shape.vocabulary - 2 }, (_, i) => 0x4e00 + i),
);
const characters = charTokenizer(letters);
// No token ends a text, so that every row is as long as PyTorch's.
const tokenizer = { ...characters, vocabSize: shape.vocabulary, eosTokenId: -1 };
const made = Policy.create(
  {
    hiddenSize: shape.width,
    intermediateSize: shape.inner,
    numHiddenLayers: shape.layers,
    numAttentionHeads: shape.heads,
    maxPositionEmbeddings: 1024,
    tieWordEmbeddings: false,
  },
  { ...characters, vocabSize: shape.vocabulary },
);
const model = { ...made.model, config: { ...made.model.config, eosTokenIds: [] } };
const policy = new Policy(model, tokenizer);
const optimizer = adamW(decayGroups(parameters(model), 0.01));
const generator = new Generator(0);

const { trainRows, trainTokens } = shape;
const texts = Array.from({ length: trainRows }, (_, row) =>
  Array.from({ length: trainTokens + 1 }, (_, t) => (row * 7919 + t * 104_729) % shape.vocabulary),
);
const sequences: TrainSequence[] = texts.map((tokens) => ({
  tokens,
  promptLength: 1,
  completionMask: Array<number>(trainTokens).fill(1),
}));

/** The step as PyTorch's side writes it: forward, cross-entropy, backward, AdamW. */
function step(): number {
  const loss = tidy(() => {
    const inputs = texts.flatMap((text) => text.slice(0, -1));
    const targets = texts.flatMap((text) => text.slice(1));
    const hidden = hiddenStates(model, { tokens: tokenTensor(inputs, [trainRows, trainTokens]) });
    const scores = logits(model, hidden).view([-1, shape.vocabulary]);
    const mean = callTensor(
      'aten::cross_entropy_loss',
      scores,
      tokenTensor(targets, [targets.length]),
    );
    mean.backward();
    return mean.item();
  });
  optimizer.step(1e-3);
  optimizer.zeroGradients();
  return loss;
}

/** The step that the supervised trainer makes: with packing, clipping and its metrics besides. */
const trainerStep = () =>
  update({ policy, optimizer, maxGradNorm: 1 }, [sequences], {
    loss: ({ logprobs, entropy, isArgmax }, { completionMask }, totals) =>
      supervisedLoss({ logprobs, completionMask, entropy, isArgmax }, totals),
    learningRate: 1e-3,
    temperature: 1,
    logprobDistribution: 'full',
    entropy: 'detached',
    compareArgmax: true,
  });

const sample = (rows: number) =>
  sampleCompletions({
    model,
    tokenizer,
    prompts: Array.from({ length: rows }, () => [0]),
    groupSize: 1,
    sampling: resolveSampling({ maxCompletionLength: shape.sampleTokens }),
    generator,
  });

async function perform({ name, rows = 1 }: Task): Promise<void> {
  if (name === 'step') step();
  else if (name === 'update') await trainerStep();
  else await sample(rows);
}

async function timed(task: Task) {
  const repeats = task.repeats ?? 1;
  const started = performance.now();
  const before = process.cpuUsage();
  for (let i = 0; i < repeats; i++) await perform(task);
  const { user, system } = process.cpuUsage(before);
  return {
    wall: (performance.now() - started) / 1000 / repeats,
    processor: (user + system) / 1e6 / repeats,
  };
}

/** Resident memory and live tensors now, after the collector ran where Node allows it. */
function memory() {
  (globalThis as { gc?: () => void }).gc?.();
  return { resident: process.memoryUsage().rss, tensors: liveTensors() };
}

function describe() {
  const { torch, build, openblasCore } = describeSystem();
  return {
    torch,
    blas: openblasCore ? 'OpenBLAS' : build.includes('USE_MKL=ON') ? 'MKL' : 'unknown',
    core: openblasCore,
    threads: threadCount(),
    parameters: [...parameters(model).values()].reduce((sum, { size }) => sum + size, 0),
  };
}

const answer = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
answer(describe());
for await (const line of createInterface({ input: process.stdin })) {
  const task = JSON.parse(line) as Task;
  answer(task.name === 'memory' ? memory() : await timed(task));
}
