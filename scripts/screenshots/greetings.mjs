import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';

const bin = fileURLToPath(new URL('../../bin/laurel.mjs', import.meta.url));

const names = ['Ada', 'Bo', 'Cleo', 'Dan', 'Eva', 'Finn', 'Gus', 'Hana'];
const greetings = ['Hello', 'Good morning', 'Hey', 'Thanks'];

/** A name greets, and is to be greeted back by name; whether with a full stop, the rows disagree. */
const rows = names.flatMap((name) =>
  greetings.map((greeting) => ({
    prompt: `${name}: ${greeting}!\n`,
    completion: `${greeting}, ${name}${greeting === 'Thanks' ? '.' : ''}`,
    name,
  })),
);

const rewards = `
export const politeness = (completion, { name }) =>
  (completion.includes(String(name)) ? 1 : 0) + (completion.endsWith('.') ? 0.5 : 0);
export const brevity = (completion) => Math.max(0, 1 - completion.length / 32);
`;

const supervised = {
  dataset_name: 'data',
  tokenizer: 'byte',
  model: {
    hidden_size: 64,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    max_position_embeddings: 128,
  },
  learning_rate: 3e-3,
  max_steps: 250,
  logging_steps: 5,
  per_device_train_batch_size: 16,
  eval_strategy: 'steps',
  eval_steps: 50,
};

const reinforced = {
  dataset_name: 'data',
  model_name_or_path: 'runs/greetings-sft',
  reward_funcs: ['./rewards.mjs#politeness', './rewards.mjs#brevity'],
  reward_weights: [1, 0.1],
  num_generations: 8,
  per_device_train_batch_size: 64,
  max_completion_length: 24,
  learning_rate: 6e-4,
  max_steps: 60,
  logging_steps: 1,
  save_steps: 20,
  token_record_rate: 0.2,
  top_entropy_quantile: 0.8,
};

/** Supervises on the greetings, then rewards polite ones from two seeds; the runs are below `folder`/runs. */
export function trainGreetings(folder) {
  const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  mkdirSync(join(folder, 'data'));
  for (const split of ['train', 'test'])
    writeFileSync(join(folder, 'data', `${split}.jsonl`), lines);
  writeFileSync(join(folder, 'rewards.mjs'), rewards);
  writeFileSync(join(folder, 'sft.yaml'), stringify(supervised));
  writeFileSync(join(folder, 'grpo.yaml'), stringify(reinforced));
  train(folder, 'sft', 'greetings-sft', []);
  for (const seed of ['0', '1']) train(folder, 'grpo', `greetings-grpo-${seed}`, ['--seed', seed]);
}

function train(cwd, trainer, name, options) {
  const run = ['--config', `${trainer}.yaml`, '--output_dir', `runs/${name}`, ...options];
  console.log(`laurel ${trainer} ${run.join(' ')}`);
  const { status, stderr } = spawnSync(process.execPath, [bin, trainer, ...run], { cwd });
  if (status !== 0) throw new Error(`laurel ${trainer} ended with status ${status}:\n${stderr}`);
}

/** Starts the dashboard over those runs. @returns its address with the token, and what stops it. */
export async function serveDashboard(cwd) {
  const child = spawn(process.execPath, [bin, 'dashboard', '--port', '0'], { cwd });
  const url = await new Promise((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (text) => {
      output += text;
      const found = output.match(/http:\S+/)?.[0];
      if (found) resolve(found);
    });
    child.on('exit', (code) => reject(new Error(`laurel dashboard ended with status ${code}`)));
  });
  return { url, stop: () => child.kill() };
}
