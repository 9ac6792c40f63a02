// What `--dry-run` says a run needs, beside what the same run then needed: each a process of the command line.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Policy } from '../dist/policy/index.js';
import { byteTokenizer } from '../dist/tokenizers/index.js';
import { chosenCases, recordMemory } from './memory-record.ts';
import { scrubbedEnvironment } from './side.ts';

const TOLERANCE = 0.2;

interface Saved {
  readonly width: number;
  readonly layers: number;
  readonly vocabulary: number;
  readonly tied: boolean;
}

interface Case {
  readonly name: string;
  readonly trainer: 'sft' | 'grpo' | 'dpo';
  /** Characters of a row, of which a quarter is prompt; every one is a token. */
  readonly length: number;
  readonly model?: Record<string, unknown>;
  /** A model saved before, in place of a new one: with adapters, or with more token rows than bytes. */
  readonly saved?: Saved;
  readonly options: Record<string, unknown>;
  /** Every other prompt is half as long. */
  readonly uneven?: boolean;
  /** Looked at after the formulas were set, and not used to set them. */
  readonly isHeldOut?: true;
}

const llama = (hidden: number, layers: number, more: Record<string, unknown> = {}) => ({
  model_type: 'qwen2',
  hidden_size: hidden,
  intermediate_size: Math.round(hidden * 2.75),
  num_hidden_layers: layers,
  num_attention_heads: hidden / 64,
  max_position_embeddings: 4096,
  ...more,
});

const batch = (rows: number, more: Record<string, unknown> = {}) => ({
  per_device_train_batch_size: rows,
  ...more,
});

const grouped = (rows: number, completions: number, more: Record<string, unknown> = {}) => ({
  ...batch(rows),
  num_generations: 8,
  max_completion_length: completions,
  ...more,
});

const cases: Case[] = [
  { name: 'small', trainer: 'sft', length: 128, model: llama(128, 2), options: batch(4) },
  {
    name: 'remembered',
    trainer: 'sft',
    length: 256,
    model: llama(512, 4),
    options: batch(8, { gradient_checkpointing: false }),
  },
  {
    name: 'recomputed',
    trainer: 'sft',
    length: 256,
    model: llama(512, 4),
    options: batch(8, { gradient_checkpointing: true }),
  },
  {
    name: 'long rows',
    trainer: 'sft',
    length: 1024,
    model: llama(256, 4, { num_key_value_heads: 2 }),
    options: batch(2),
  },
  {
    name: 'accumulated',
    trainer: 'sft',
    length: 256,
    model: llama(512, 6),
    options: batch(4, { gradient_accumulation_steps: 2 }),
  },
  {
    name: 'large vocabulary, tied',
    trainer: 'sft',
    length: 256,
    saved: { width: 256, layers: 2, vocabulary: 65_536, tied: true },
    options: batch(8),
  },
  {
    name: 'large vocabulary, untied',
    trainer: 'sft',
    length: 256,
    saved: { width: 256, layers: 2, vocabulary: 65_536, tied: false },
    options: batch(4),
  },
  {
    name: 'bfloat16',
    trainer: 'sft',
    length: 256,
    model: llama(512, 4),
    options: batch(8, { dtype: 'bfloat16' }),
  },
  {
    name: 'adapters',
    trainer: 'sft',
    length: 256,
    saved: { width: 512, layers: 6, vocabulary: 512, tied: true },
    options: batch(8, { use_peft: true, gradient_checkpointing: false }),
  },
  {
    name: 'adapters, recomputed',
    trainer: 'sft',
    length: 256,
    saved: { width: 512, layers: 6, vocabulary: 512, tied: true },
    options: batch(8, { use_peft: true, gradient_checkpointing: true }),
  },
  { name: 'groups', trainer: 'grpo', length: 128, model: llama(256, 4), options: grouped(16, 64) },
  {
    name: 'groups, reference',
    trainer: 'grpo',
    length: 128,
    model: llama(512, 6),
    options: grouped(8, 64, { beta: 0.05 }),
  },
  {
    name: 'groups, many',
    trainer: 'grpo',
    length: 256,
    model: llama(384, 4),
    options: grouped(8, 128, { steps_per_generation: 16 }),
  },
  { name: 'pairs', trainer: 'dpo', length: 256, model: llama(512, 4), options: batch(4) },
  {
    name: 'pairs, recomputed',
    trainer: 'dpo',
    length: 256,
    model: llama(512, 6),
    options: batch(8, { gradient_checkpointing: true }),
  },
  {
    name: 'longer rows, few key heads',
    trainer: 'sft',
    length: 1536,
    model: llama(384, 3, { num_key_value_heads: 2 }),
    options: batch(2),
    isHeldOut: true,
  },
  {
    name: 'bfloat16, long rows',
    trainer: 'sft',
    length: 768,
    model: llama(256, 3),
    options: batch(2, { dtype: 'bfloat16' }),
    isHeldOut: true,
  },
  {
    name: 'groups, large vocabulary',
    trainer: 'grpo',
    length: 192,
    saved: { width: 320, layers: 5, vocabulary: 32_768, tied: false },
    options: grouped(8, 96),
    isHeldOut: true,
  },
  {
    name: 'groups, adapters',
    trainer: 'grpo',
    length: 128,
    saved: { width: 512, layers: 8, vocabulary: 512, tied: true },
    options: grouped(16, 64, { use_peft: true }),
    isHeldOut: true,
  },
  {
    name: 'groups, uneven long prompts',
    trainer: 'grpo',
    length: 2048,
    model: llama(256, 2),
    options: grouped(8, 32, { steps_per_generation: 16 }),
    uneven: true,
    isHeldOut: true,
  },
  {
    name: 'pairs, normed heads',
    trainer: 'dpo',
    length: 320,
    model: llama(320, 5, { model_type: 'qwen3' }),
    options: batch(3),
    isHeldOut: true,
  },
];

const letter = (index: number): string => String.fromCharCode(97 + ((index * 7919) % 26));
const text = (length: number, seed: number): string =>
  Array.from({ length }, (_, index) => letter(index * index + seed)).join('');

function rowsOf({ trainer, length, uneven }: Case): object[] {
  const prompt = Math.floor(length / 4);
  return Array.from({ length: 64 }, (_, row) => {
    if (trainer === 'sft') return { text: text(length, row) };
    if (trainer === 'grpo') {
      return { prompt: text(uneven && row % 2 === 1 ? prompt / 2 : prompt, row) };
    }
    const [chosen, rejected] = [text(length - prompt, row + 100), text(length - prompt, row + 200)];
    return { prompt: text(prompt, row), chosen, rejected };
  });
}

const laurel = fileURLToPath(new URL('../bin/laurel.mjs', import.meta.url));
const hook = new URL('memory-exit-hook.mjs', import.meta.url).href;

function command(folder: string, args: readonly string[]): { output: string; peak: number } {
  const result = join(folder, 'memory.json');
  const environment = {
    ...scrubbedEnvironment(),
    MEMORY_RESULT: result,
    NODE_OPTIONS: `--import ${hook}`,
  };
  const { status, stdout, stderr } = spawnSync(process.execPath, [laurel, ...args], {
    env: { ...environment, OMP_NUM_THREADS: process.env['OMP_NUM_THREADS'] },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`laurel ${args.join(' ')}: ${stderr}`);
  return { output: stdout, ...(JSON.parse(readFileSync(result, 'utf8')) as { peak: number }) };
}

function writeConfig(folder: string, given: Case): string {
  const rows = join(folder, 'rows.jsonl');
  writeFileSync(
    rows,
    rowsOf(given)
      .map((row) => JSON.stringify(row))
      .join('\n'),
  );
  writeFileSync(join(folder, 'reward.mjs'), 'export const reward = ({ length }) => length % 7;\n');
  const config = {
    dataset_name: rows,
    output_dir: join(folder, 'run'),
    max_steps: 2,
    save_strategy: 'no',
    ...(given.model && { model: given.model, tokenizer: 'byte' }),
    ...(given.trainer === 'grpo' && { reward_funcs: [`${join(folder, 'reward.mjs')}#reward`] }),
    ...given.options,
  };
  const path = join(folder, 'config.yaml');
  writeFileSync(path, JSON.stringify(config));
  return path;
}

/** The bytes that a dry run names. */
function estimateIn(output: string): number {
  const [, number, unit] = /memory, at most\s+about ([\d.]+) (MB|GB)/.exec(output)!;
  return Number(number) * (unit === 'MB' ? 1e6 : 1e9);
}

/** Saves a new model as a Hugging Face folder. */
function saveModel(folder: string, { width, layers, vocabulary, tied }: Saved): void {
  const sizes = {
    modelType: 'qwen2',
    hiddenSize: width,
    numHiddenLayers: layers,
    numAttentionHeads: width / 64,
    tieWordEmbeddings: tied,
  } as const;
  Policy.create(sizes, { ...byteTokenizer(), vocabSize: vocabulary }).save(folder);
}

function measure(given: Case): { estimated: number; measured: number } {
  const folder = mkdtempSync(join(tmpdir(), 'laurel-memory-'));
  try {
    const model = join(folder, 'model');
    if (given.saved) saveModel(model, given.saved);
    const loaded = given.saved ? { model_name_or_path: model, tokenizer: 'byte' } : {};
    const options = { ...given.options, ...loaded };
    const config = writeConfig(folder, { ...given, options });
    const { output } = command(folder, [given.trainer, '--config', config, '--dry-run']);
    if (process.env['LAUREL_BENCH_VERBOSE']) console.log(output);
    const { peak: measured } = command(folder, [given.trainer, '--config', config]);
    return { estimated: estimateIn(output), measured };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const about = {
  kind: 'estimate',
  title: 'Dry runs beside the most resident memory of the same runs, one thread',
  labels: ['trainer', 'run', 'held out'],
  order: cases.map(({ name }) => name),
} as const;

const signed = (share: number): string =>
  `${share < 0 ? '−' : '+'}${(100 * Math.abs(share)).toFixed(1)}%`;

/** Prints and records estimates beside measurements. @returns whether all are within a fifth. */
export function compareEstimates(): boolean {
  let isClose = true;
  for (const given of chosenCases(cases)) {
    const { estimated, measured } = measure(given);
    const error = estimated / measured - 1;
    isClose &&= Math.abs(error) <= TOLERANCE;
    const labels = [given.trainer, given.name, given.isHeldOut ? 'yes' : 'no'];
    const further = { difference: signed(error) };
    const bytes = { 'dry run': estimated, measured };
    recordMemory(about, [{ name: given.name, labels, bytes, further }]);
  }
  return isClose;
}
