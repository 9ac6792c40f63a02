import { type ChildProcess, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { workplace } from '../support/laurel-command.ts';

const { laurel, path, write, folder } = workplace();

const sft = ['sft', '--config', 'sft.yaml'];
const grpo = ['grpo', '--config', 'grpo.yaml'];
const evaluation = ['eval', '--model_name_or_path', 'trained', '--dataset_name', 'data'];
const rewarded = ['--reward_funcs', 'exact_match_reward', '--solution_column', 'completion'];

write('bad/malformed.jsonl', '{"prompt": "a", "completion": "b"}\n{"prompt": "a", \n');
write('bad/empty.jsonl', '');
write('bad/long.jsonl', `${JSON.stringify({ prompt: 'x'.repeat(99), completion: 'y' })}\n`);
write('bad/nothing.jsonl', '{"prompt": ""}\n{"prompt": ""}\n{"prompt": ""}\n');

beforeAll(async () => {
  const { code, stderr } = await laurel([...sft, '--output_dir', 'trained']);
  expect(code, stderr).toBe(0);
  const checkpoint = path('trained', 'checkpoints', 'checkpoint-4');
  cpSync(checkpoint, path('cut'), { recursive: true });
  truncateSync(path('cut', 'model.safetensors'), 4000);
  cpSync(checkpoint, path('endless'), { recursive: true });
  for (const name of ['special_tokens_map.json', 'generation_config.json'])
    rmSync(path('endless', name), { force: true });
  const file = path('endless', 'tokenizer_config.json');
  const { eos_token: _, ...rest } = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify(rest));
});

/** Every file below a folder with its bytes. */
const snapshot = (name: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(path(name), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `${entry.parentPath}/${entry.name}`)
      .map((file) => [file, readFileSync(file).toString('base64')]),
  );

const cases: [string, string[], RegExp][] = [
  ['a missing file', [...sft, '--dataset_name', 'nowhere.jsonl'], /^nowhere\.jsonl: no such file/],
  [
    'a malformed line',
    [...sft, '--dataset_name', 'bad/malformed.jsonl'],
    /^bad\/malformed\.jsonl:2: not valid JSON: /,
  ],
  [
    'a missing column',
    [...sft, '--prompt_column', 'question'],
    /no column "question"; it has prompt, completion, answer/,
  ],
  [
    'a missing column in a template',
    [...grpo, '--prompt_template', '{question}'],
    /no column "question"; it has prompt, completion, answer/,
  ],
  [
    'an empty dataset',
    [...sft, '--dataset_name', 'bad/empty.jsonl'],
    /"bad\/empty\.jsonl" has no rows/,
  ],
  [
    'a row longer than the context',
    [...sft, '--dataset_name', 'bad/long.jsonl'],
    /row 0 has 101 tokens and the model's context is 64; set max_length to at most 64/,
  ],
  [
    'a prompt longer than the context',
    [...grpo, '--dataset_name', 'bad/long.jsonl'],
    /row 0: its prompt has 99 tokens; .* exceeds the model's context of 64/,
  ],
  [
    'an empty prompt',
    [...grpo, '--dataset_name', 'bad/nothing.jsonl'],
    /row 0: the prompt is empty/,
  ],
  [
    'a tokenizer without end of sequence',
    [...grpo, '--model', 'null', '--tokenizer', 'null', '--model_name_or_path', 'endless'],
    /endless: the tokenizer names no end-of-sequence token/,
  ],
  [
    'a mask that is all zero',
    [...sft, '--max_length', '4'],
    /row 0 has no token to learn, so its mask would be all zero; max_length 4 cuts it/,
  ],
  [
    'completions that do not divide into groups',
    [...grpo, '--num_generations', '3'],
    /8 completions do not divide into groups of num_generations 3; set per_device_train_batch_size to 9/,
  ],
  [
    'a generation larger than the dataset',
    [...grpo, '--steps_per_generation', '16'],
    /has 12 rows; set steps_per_generation to 6/,
  ],
  [
    'truncated weights',
    [...grpo, '--model', 'null', '--model_name_or_path', 'cut'],
    /cut\/model\.safetensors: the file is truncated/,
  ],
  [
    'a checkpoint of another architecture',
    [...sft, '--model.hidden_size', '16', '--resume_from_checkpoint', 'trained'],
    /expected \[260, 16\]; the checkpoint is of another architecture/,
  ],
  [
    'a run of another trainer',
    [...grpo, '--resume_from_checkpoint', 'trained'],
    /was saved by sft, and grpo cannot resume it/,
  ],
  ['an unknown option', [...sft, '--lerning_rate', '1'], /did you mean --learning_rate\?/],
  [
    'an unknown reward',
    [...grpo, '--reward_funcs', 'exact_match_rewrd'],
    /Did you mean exact_match_reward\?/,
  ],
  ['an unknown command', ['gpro', '--config', 'grpo.yaml'], /Did you mean grpo\?/],
  ['a value out of range', [...sft, '--learning_rate', '-1'], /learning_rate/],
  [
    'a missing configuration',
    ['sft', '--config', 'nowhere.yaml'],
    /nowhere\.yaml: .*cannot be read/,
  ],
  [
    'a missing model',
    ['sample', '--model_name_or_path', './nowhere'],
    /\.\/nowhere: no such folder/,
  ],
  [
    'a single file to evaluate on',
    [...sft, '--dataset_name', 'data/train.jsonl', '--eval_strategy', 'steps'],
    /^train\.jsonl is one file and has no split test; put train\.jsonl and test\.jsonl in a folder/,
  ],
  [
    'a file that an evaluation cannot write',
    [...evaluation, ...rewarded, '--output', 'sft.yaml/eval.json'],
    /--output sft\.yaml\/eval\.json: cannot be written: .*; choose another file/,
  ],
  [
    'a prompt to evaluate that is longer than the context',
    [...evaluation, ...rewarded, '--dataset_name', 'bad/long.jsonl'],
    /row 0: its prompt has 99 tokens/,
  ],
  [
    'a file without --config',
    ['sft', 'sft.yaml'],
    /unexpected sft\.yaml; did you mean --config sft\.yaml\?/,
  ],
  [
    'a row before the first',
    ['show-tokens', '--config', 'sft.yaml', '--row', '-1'],
    /--row -1: the split has 12 rows, counted from 0/,
  ],
  ['a run that is not there', ['runs', 'show', 'nowhere'], /no run "nowhere"/],
];

describe('bad input is one clear error before the first step, with exit code 2', () => {
  test.each(cases)('%s', async (name, args, message) => {
    const output = `out-${name.replaceAll(' ', '-')}`;
    const isTraining = args[0] === 'sft' || args[0] === 'grpo';
    const resumes = args.includes('--resume_from_checkpoint');
    const before = snapshot('trained');
    const ended = await laurel(isTraining && !resumes ? [...args, '--output_dir', output] : args);
    expect(ended.code, ended.stderr).toBe(2);
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).not.toMatch(/\n {4}at /);
    expect(existsSync(path(output))).toBe(false);
    expect(snapshot('trained')).toEqual(before);
  });
});

test('--skip-bad-rows leaves malformed lines out and counts them', async () => {
  const args = ['--dataset_name', 'bad/malformed.jsonl', '--skip-bad-rows', '--max_steps', '1'];
  const { code, stderr } = await laurel([...sft, ...args, '--output_dir', 'skipping']);
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/1 rows? w\w+ skipped/);
});

test('--skip-bad-rows leaves out prompts that are empty or too long for the context', async () => {
  const prompts = ['1+1=', '', 'x'.repeat(99), '2+2='];
  const rows = prompts.map((prompt) => `${JSON.stringify({ prompt, answer: '2' })}\n`);
  const data = write('bad/some.jsonl', rows.join(''));
  const args = ['--dataset_name', data, '--skip-bad-rows', '--max_steps', '1'];
  const { code, stderr } = await laurel([...grpo, ...args, '--output_dir', 'skipping-prompts']);
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/2 rows were skipped/);
});

test('eval --skip-bad-rows leaves out prompts that are too long for the context', async () => {
  const rows = ['1+1=', 'x'.repeat(99)].map(
    (prompt) => `${JSON.stringify({ prompt, completion: '2' })}\n`,
  );
  const data = write('bad/held.jsonl', rows.join(''));
  const args = ['--dataset_name', data, '--skip-bad-rows', '--max_completion_length', '4'];
  const file = 'made/scores.json';
  const ended = await laurel([...evaluation, ...rewarded, ...args, '--output', file]);
  expect(ended.code, ended.stderr).toBe(0);
  expect(ended.stderr).toMatch(/1 rows were skipped/);
  expect(JSON.parse(readFileSync(path(file), 'utf8')).completions.length).toBe(1);
});

test('an output folder that cannot be made is one clear error', async () => {
  const { code, stderr } = await laurel([...sft, '--output_dir', 'sft.yaml/run']);
  expect(code, stderr).toBe(2);
  expect(stderr).toMatch(
    /^sft\.yaml\/run: the run folder cannot be made: .*; choose another output_dir$/m,
  );
  expect(stderr).not.toMatch(/\n {4}at /);
});

test('a folder that holds a run is not written over', async () => {
  const before = snapshot('trained');
  const { code, stderr } = await laurel([...sft, '--output_dir', 'trained']);
  expect(code).toBe(2);
  expect(stderr).toMatch(/trained: holds a run already .*--resume_from_checkpoint true/);
  expect(snapshot('trained')).toEqual(before);
});

test('a truncated checkpoint is refused by name, and stepped over with a warning when not named', async () => {
  cpSync(path('trained'), path('damaged'), { recursive: true });
  const at = 'damaged/checkpoints/checkpoint-4';
  truncateSync(path(at, 'model.safetensors'), 4000);
  const named = await laurel([...sft, '--resume_from_checkpoint', at]);
  expect(named.code, named.stderr).toBe(2);
  expect(named.stderr).toMatch(/checkpoint-4: .*model\.safetensors/);
  const newest = await laurel([...sft, '--resume_from_checkpoint', 'damaged']);
  expect(newest.code, newest.stderr).toBe(0);
  expect(newest.stderr).toMatch(/warning: .*checkpoint-4 is damaged/);
  expect(newest.stderr).toMatch(/going on from step 2/);
});

/** A process that holds the lock of a run as a trainer does. */
function holdRun(name: string): Promise<ChildProcess> {
  const lock = JSON.stringify(new URL('../../dist/runs/run-lock.js', import.meta.url).href);
  const script = `const { lockRun } = await import(${lock}); lockRun(${JSON.stringify(path(name))}); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { cwd: folder });
  return new Promise((resolve) => child.stdout.once('data', () => resolve(child)));
}

test('a run that another process is writing is left alone', async () => {
  cpSync(path('trained'), path('busy'), { recursive: true });
  const holder = await holdRun('busy');
  const before = snapshot('busy');
  try {
    const ended = await laurel([...sft, '--max_steps', '6', '--resume_from_checkpoint', 'busy']);
    expect(ended.code, ended.stderr).toBe(2);
    expect(ended.stderr).toMatch(new RegExp(`busy: in use by process ${holder.pid} `));
    expect(snapshot('busy')).toEqual(before);
  } finally {
    holder.kill('SIGKILL');
  }
});
