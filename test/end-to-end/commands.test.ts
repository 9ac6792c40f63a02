import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { workplace } from '../support/laurel-command.ts';
import { checkpointSteps, metricLines } from '../support/run-files.ts';

const { laurel, path, write } = workplace();

const sft = ['sft', '--config', 'sft.yaml'];
const grpo = ['grpo', '--config', 'grpo.yaml'];
const fromTrained = [
  '--model',
  'null',
  '--tokenizer',
  'null',
  '--model_name_or_path',
  'runs/first',
];

async function succeed(args: readonly string[], input?: string) {
  const ended = await laurel(args, input === undefined ? {} : { input });
  expect(ended.code, ended.stderr).toBe(0);
  return ended;
}

beforeAll(async () => {
  const flags = ['--max_steps', '60', '--save_steps', '60', '--learning_rate', '0.02'];
  const evaluation = ['--eval_strategy', 'steps', '--eval_steps', '30'];
  await succeed([...sft, ...flags, ...evaluation, '--run_name', 'first']);
});

test('sft: the loss falls, evaluations are logged, and the checkpoint is a model folder', () => {
  const lines = metricLines(path('runs/first'));
  const losses = lines.flatMap(({ loss }) => loss ?? []);
  expect(losses.length).toBe(60);
  expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
  expect(lines.filter((line) => 'eval_loss' in line).map(({ step }) => step)).toEqual([30, 60]);
  const names = readdirSync(path('runs/first/checkpoints/checkpoint-60'));
  for (const name of ['config.json', 'model.safetensors', 'tokenizer.json'])
    expect(names).toContain(name);
});

test('grpo: trains the supervised model by a reward of one’s own and stores what it wrote', async () => {
  write(
    'reward.ts',
    'export const digits = (completion: string, example: { answer: string }): number =>\n' +
      '  (completion.match(/[0-9]/g) ?? []).length + (completion === example.answer ? 1 : 0);\n',
  );
  const rewards = ['--reward_funcs', './reward.ts#digits', '--reward_funcs', 'exact_match_reward'];
  const { stderr } = await succeed([...grpo, ...fromTrained, ...rewards, '--run_name', 'second']);
  expect(stderr).toMatch(/Finished 4 steps; the run is in runs\/second/);
  const lines = metricLines(path('runs/second'));
  expect(lines.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
  for (const line of lines) {
    const sum = line['rewards/digits/mean']! + line['rewards/exact_match_reward/mean']!;
    expect(line['reward']).toBeCloseTo(sum, 6);
    expect(line['rollout/error_rate']).toBe(0);
  }
  expect(checkpointSteps(path('runs/second'))).toEqual([2, 4]);
  const [first] = readFileSync(path('runs/second/completions/step_00001.jsonl'), 'utf8').split(
    '\n',
  );
  expect(JSON.parse(first!).completions.length).toBe(4);
});

test('eval: scores held-out rows and writes them down', async () => {
  const source = ['--dataset_name', 'data', '--model_name_or_path', 'runs/first'];
  const reward = ['--reward_funcs', 'exact_match_reward', '--solution_column', 'answer'];
  const limits = ['--max_completion_length', '6', '--output', 'eval.json'];
  const { stdout } = await succeed(['eval', ...source, ...reward, ...limits]);
  const { metrics, completions } = JSON.parse(readFileSync(path('eval.json'), 'utf8'));
  expect(completions.length).toBe(12);
  const rewards = completions.map(
    (row: { completions: { reward: number }[] }) => row.completions[0]!.reward,
  );
  const mean = rewards.reduce((sum: number, reward: number) => sum + reward, 0) / 12;
  expect(metrics.reward).toBeCloseTo(mean, 6);
  expect(stdout).toMatch(/^reward\s+/m);
});

test('sample: completes a prompt, or each line that is typed', async () => {
  const sample = ['sample', '--model_name_or_path', 'runs/first', '--max_completion_length', '5'];
  const one = await succeed([...sample, '--prompt', '2+1=']);
  const typed = await succeed(sample, '2+1=\n\n3+1=\n');
  expect(typed.stdout.split('\n')[0]).toBe(one.stdout.trimEnd());
  expect(typed.stdout.trimEnd().split('\n').length).toBe(2);
});

test('sample: a line that does not fit is answered by why, and the next one completed', async () => {
  const sample = ['sample', '--model_name_or_path', 'runs/first', '--max_completion_length', '5'];
  const { stdout, stderr } = await succeed(sample, `${'9'.repeat(80)}\n2+1=\n`);
  expect(stderr).toMatch(/has 80 tokens; .* Shorten the prompt to less than 64 tokens/);
  expect(stdout.trimEnd().split('\n').length).toBe(1);
});

test('runs: lists runs and shows one', async () => {
  const { stdout } = await succeed(['runs', 'list']);
  expect(stdout).toMatch(/^run\s+trainer\s+status\s+step/);
  expect(stdout).toMatch(/^first\s+sft\s+finished\s+60\/60\s+.*loss/m);
  const shown = await succeed(['runs', 'show', 'first']);
  expect(shown.stdout).toMatch(/^checkpoints\s+60$/m);
  expect(shown.stdout).toMatch(/^seed\s+42$/m);
  expect((await succeed(['runs', '--root=runs'])).stdout).toBe(stdout);
  expect((await succeed(['runs', '-h'])).stdout).toMatch(/^laurel runs/);
});

test('show-tokens: brackets what is learned', async () => {
  const { stdout } = await succeed([
    'show-tokens',
    '--config',
    'sft.yaml',
    '--row',
    '9',
    '--plain',
  ]);
  expect(stdout).toBe('9+1=[1][0][<|eos|>]\n7 tokens, 3 learned\n');
});

test('run: runs a TypeScript file with its arguments', async () => {
  write(
    'hello.ts',
    'const words: string[] = process.argv.slice(2);\nconsole.log(words.join("+"));\n',
  );
  const { stdout } = await succeed(['run', 'hello.ts', 'one', 'two']);
  expect(stdout).toBe('one+two\n');
});

test('doctor: looks at Node, libtorch, threads and speed', async () => {
  const { stdout } = await succeed(['doctor']);
  for (const name of ['Node', 'libtorch', 'BLAS', 'GFLOP/s']) expect(stdout).toContain(name);
});

test('a dry run prints the numbers, tries the reward, and writes nothing', async () => {
  const { stdout } = await succeed([...grpo, '--dry-run', '--output_dir', 'dry']);
  expect(stdout).toMatch(/^prompts per step\s+2$/m);
  expect(stdout).toMatch(/^completions per update\s+8$/m);
  expect(stdout).toMatch(/^steps\s+4$/m);
  expect(stdout).toMatch(/The rewards on the first rows:/);
  const supervised = await succeed([...sft, '--dry_run', '--output_dir', 'dry']);
  // 12 rows in fives: 3 steps an epoch.
  expect(supervised.stdout).toMatch(/^steps per epoch\s+3$/m);
  expect(existsSync(path('dry'))).toBe(false);
});

const commands = ['sft', 'grpo', 'eval', 'sample', 'runs', 'show-tokens', 'run', 'doctor'];

test('help lists every command, and every command has help', async () => {
  const { stdout } = await succeed(['--help']);
  for (const command of [...commands, 'setup'])
    expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
  for (const command of commands) {
    const { stdout: help } = await succeed([command, '--help']);
    expect(help).toContain(`laurel ${command}`);
  }
  const { stdout: options } = await succeed(['grpo', '--help']);
  for (const option of ['--num_generations', '--epsilon_high', '--config', '--dry'])
    expect(options).toContain(option);
});
