// This engine's side of the comparison with TRL's GRPOTrainer: trainPolicyGradient, held after each step until the
// parent asks for the next. The clock of a step runs from the end of one evaluation, which waits, to the start of
// the next: rollouts, rewards, loss, optimiser and everything the trainer does in between.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { byteTokenizer, Policy, trainPolicyGradient } from '../dist/index.js';
import { parameters } from '../dist/models/index.js';
import { describeSystem, setThreadCount, threadCount } from '../dist/tensor/index.js';
import { commonShape } from './shapes.ts';

const PROMPTS = 8;
const COMPLETIONS = 8;
const PROMPT_TOKENS = 32;
const COMPLETION_TOKENS = 64;

const digits = (value: number, width: number) => String(value).padStart(width, '0');

const examples = Array.from({ length: 512 }, (_, index) => ({
  example: { index, columns: {} },
  prompt: `${digits(index, 4)}+${digits(index * 7, 5)}=`.padEnd(PROMPT_TOKENS, '?'),
}));

const reward = (completion: string) => new Set(completion).size;

function makePolicy(): Policy {
  const bytes = byteTokenizer();
  const { vocabulary, width, inner, layers, heads } = commonShape;
  const { model } = Policy.create(
    {
      modelType: 'qwen2',
      hiddenSize: width,
      intermediateSize: inner,
      numHiddenLayers: layers,
      numAttentionHeads: heads,
      tieWordEmbeddings: false,
    },
    { ...bytes, vocabSize: vocabulary },
  );
  // No token ends a completion, on either side.
  const config = { ...model.config, eosTokenIds: [] };
  return new Policy({ ...model, config }, { ...bytes, eosTokenId: -1 });
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const answer = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);

let started: { wall: number; processor: NodeJS.CpuUsage } | undefined;
let left = 0;
let repeats = 1;

/** Answers for the steps asked for, once they are done, and waits to be asked for more. */
async function gate(): Promise<Record<string, never>> {
  left--;
  if (left > 0) return {};
  if (started !== undefined) {
    const { user, system } = process.cpuUsage(started.processor);
    const wall = (performance.now() - started.wall) / 1000;
    answer({ wall: wall / repeats, processor: (user + system) / 1e6 / repeats });
  }
  const { value, done } = await lines.next();
  if (done) process.exit(0);
  repeats = (JSON.parse(value) as { repeats?: number }).repeats ?? 1;
  left = repeats;
  started = { wall: performance.now(), processor: process.cpuUsage() };
  return {};
}

setThreadCount(Number(process.argv[2] ?? 1));
const policy = makePolicy();
const { torch, build, openblasCore } = describeSystem();
answer({
  torch,
  blas: openblasCore ? 'OpenBLAS' : build.includes('USE_MKL=ON') ? 'MKL' : 'unknown',
  core: openblasCore,
  threads: threadCount(),
  parameters: [...parameters(policy.model).values()].reduce((sum, { size }) => sum + size, 0),
});
const folder = mkdtempSync(join(tmpdir(), 'laurel-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.on('SIGTERM', () => process.exit(0));
await trainPolicyGradient({
  policy,
  examples,
  reward,
  perDeviceTrainBatchSize: PROMPTS * COMPLETIONS,
  numGenerations: COMPLETIONS,
  maxCompletionLength: COMPLETION_TOKENS,
  maxSteps: 1_000_000,
  outputDir: join(folder, 'run'),
  loggingSteps: 1_000_000,
  tokenRecordRate: 0,
  saveStrategy: 'no',
  evalStrategy: 'steps',
  evalSteps: 1,
  evalOnStart: true,
  evaluate: gate,
  console: null,
});
