import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { stringify } from 'yaml';

const bin = fileURLToPath(new URL('../../bin/laurel.mjs', import.meta.url));

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** What is typed, and then the end of input. */
  readonly input?: string;
  /** Sees the process once it is started. */
  readonly onStart?: (child: ChildProcess) => void;
  /** Variables of the environment, besides those of the tests. */
  readonly env?: Readonly<Record<string, string>>;
  /** Sees everything written to standard error so far, each time there is more. */
  readonly onStderr?: (text: string, child: ChildProcess) => void;
}

/** A folder with rows and options to run the real command line in; removed when the tests of the file are done. */
export function workplace() {
  const folder = mkdtempSync(join(tmpdir(), 'laurel-e2e-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const write = (name: string, content: string): string => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
    return name;
  };
  const laurel = (args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
    runNode([bin, ...args], folder, options);
  for (const split of ['train', 'test']) write(`data/${split}.jsonl`, sums);
  write('sft.yaml', stringify(supervisedConfig));
  write('grpo.yaml', stringify(groupConfig));
  write('letters.mjs', lettersReward);
  return { folder, path: (...names: string[]) => join(folder, ...names), write, laurel };
}

function runNode(
  args: readonly string[],
  cwd: string,
  { input = '', env: variables, onStart, onStderr }: RunOptions,
): Promise<Ended> {
  const env = { ...process.env, OMP_NUM_THREADS: '1', ...variables };
  const child = spawn(process.execPath, args, { cwd, env });
  onStart?.(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => {
    stdout += text.toString();
  });
  child.stderr.on('data', (text: Buffer) => {
    stderr += text.toString();
    onStderr?.(stderr, child);
  });
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

const jsonLines = (rows: readonly unknown[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('');

const sums = jsonLines(
  Array.from({ length: 12 }, (_, n) => ({
    prompt: `${n}+1=`,
    completion: String(n + 1),
    answer: String(n + 1),
  })),
);

/** Share of letters: a reward that completions of a new model differ in, so that weights move. */
const lettersReward = `export const letters = (completion) =>
  completion.length === 0 ? 0 : completion.match(/[a-z]|$/gi).length / completion.length;
`;

const tinyModel = {
  hidden_size: 32,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  max_position_embeddings: 64,
};

const common = {
  dataset_name: 'data',
  tokenizer: 'byte',
  model: tinyModel,
  learning_rate: 0.01,
  max_steps: 4,
  logging_steps: 1,
  save_steps: 2,
};

const supervisedConfig = { ...common, per_device_train_batch_size: 5 };

const groupConfig = {
  ...common,
  reward_funcs: ['exact_match_reward'],
  solution_column: 'answer',
  num_generations: 4,
  per_device_train_batch_size: 8,
  max_completion_length: 6,
};
