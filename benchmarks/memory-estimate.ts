// What `--dry-run` says a run needs, beside what the same run then needed: each a process of the command line.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Policy } from '../dist/policy/index.js';
import { byteTokenizer } from '../dist/tokenizers/index.js';
import { megabytes, table } from './memory-process.ts';
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
];

const letter = (index: number): string => String.fromCharCode(97 + ((index * 7919) % 26));
const text = (length: number, seed: number): string =>
  Array.from({ length }, (_, index) => letter(index * index + seed)).join('');

function rowsOf({ trainer, length }: Case): object[] {
  const prompt = Math.floor(length / 4);
  return Array.from({ length: 64 }, (_, row) => {
    if (trainer === 'sft') return { text: text(length, row) };
    if (trainer === 'grpo') return { prompt: text(prompt, row) };
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

/** Prints estimates beside measurements. @returns whether all are within a fifth. */
export function compareEstimates(): boolean {
  const only = process.env['LAUREL_BENCH_CASES']?.split(':');
  const chosen = cases.filter(({ name }) => only === undefined || only.includes(name));
  let isClose = true;
  const rows = chosen.map((given) => {
    const { estimated, measured } = measure(given);
    const error = estimated / measured - 1;
    isClose &&= Math.abs(error) <= TOLERANCE;
    const row = [given.trainer, given.name, megabytes(estimated), megabytes(measured)];
    row.push(`${error < 0 ? '−' : '+'}${(100 * Math.abs(error)).toFixed(1)}%`);
    if (process.env['LAUREL_BENCH_VERBOSE']) console.log(row.join(' | '));
    return row;
  });
  console.log(table(['trainer', 'run', 'dry run, MB', 'measured, MB', 'difference'], rows));
  return isClose;
}
