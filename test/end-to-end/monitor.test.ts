import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readRunRecord } from '../../src/runs/index.ts';
import { workplace } from '../support/laurel-command.ts';
import {
  checkpointBytes,
  checkpointSteps,
  metricLines,
  timelessLines,
} from '../support/run-files.ts';

const { laurel, path, write } = workplace();

const sum = (n: number) => ({ prompt: `${n}+1=`, chosen: String(n + 1), rejected: 'no' });
const rows = Array.from({ length: 8 }, (_, n) => `${JSON.stringify(sum(n))}\n`).join('');
for (const split of ['train', 'test']) write(`pairs/${split}.jsonl`, rows);
write('judge.ts', 'export const short = (completion: string) => -completion.length;\n');

/** A tiny model learns in leaps at this rate: its top-k mass falls back within a few steps. */
const learning = [
  ...['--dataset_name', 'pairs', '--tokenizer', 'byte', '--model', '{hidden_size: 16}'],
  ...['--learning_rate', '0.03', '--per_device_train_batch_size', '4', '--max_steps', '16'],
];
const looking = [
  ...['--monitor_steps', '2', '--monitor_prompts', '8', '--monitor_max_completion_length', '8'],
  ...['--monitor_patience', '1', '--monitor_smoothing', '1', '--monitor_mass_hysteresis', '0'],
];
const command = (folder: string, ...flags: string[]) => [
  'dpo',
  ...[...learning, ...looking, '--monitor_win_reward', './judge.ts#short'],
  ...['--early_stop', 'likelihood', '--save_steps', '2', '--save_total_limit', '1'],
  ...['--output_dir', folder, ...flags],
];

test('laurel dpo stops early with the checkpoint before the turn; killed and resumed, in the same bits', async () => {
  const straight = await laurel(command('straight'));
  expect(straight.code, straight.stderr).toBe(0);
  expect(straight.stderr).toMatch(
    /warning: the probability mass of the top 10 has fallen for 1 evaluation: likely past the best checkpoint, step \d+\n/,
  );
  const [attempt] = readRunRecord(path('straight')).attempts;
  const { lastStep, bestStep } = attempt!;
  expect(attempt).toMatchObject({
    outcome: 'finished',
    reason: `stopped early: the probability mass of the top 10 has fallen for 1 evaluation: likely past the best checkpoint, step ${bestStep}`,
  });
  expect(bestStep).toBe(lastStep! - 2);
  expect(lastStep).toBeLessThan(16);
  expect(checkpointSteps(path('straight'))).toEqual([bestStep, lastStep]);
  expect(straight.stderr).toContain(`Stopped early at step ${lastStep}: `);
  expect(straight.stderr).toContain(`The model is in straight/checkpoints/checkpoint-${bestStep};`);

  const looks = metricLines(path('straight')).filter((line) => 'monitor/top_k_mass' in line);
  expect(looks.map(({ step }) => step)).toEqual(
    Array.from({ length: lastStep! / 2 + 1 }, (_, look) => 2 * look),
  );
  expect(looks.at(-1)).toMatchObject({
    'monitor/turning_step': bestStep,
    'monitor/mass_fallen': 1,
    'monitor/win_probability': expect.any(Number),
  });
  expect(looks[0]).toMatchObject({ 'monitor/turning_step': null });

  const killed = await laurel(command('killed'), {
    onStderr: (text, child) => text.includes('step 4/') && child.kill('SIGKILL'),
  });
  expect(killed.signal).toBe('SIGKILL');
  const resumed = await laurel(command('killed', '--resume_from_checkpoint', 'true'));
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(timelessLines(path('killed'))).toEqual(timelessLines(path('straight')));
  for (const step of [bestStep!, lastStep!])
    expect(checkpointBytes(path('killed'), step)).toEqual(checkpointBytes(path('straight'), step));
  expect(readFileSync(path('killed', 'monitor-reference.json'))).toEqual(
    readFileSync(path('straight', 'monitor-reference.json')),
  );
  expect(readRunRecord(path('killed')).attempts.at(-1)).toMatchObject({ bestStep, lastStep });
});

test('a run that stopped early is sampled from its best checkpoint', async () => {
  const ask = async (model: string) => {
    const flags = ['--prompt', '3+1=', '--max_completion_length', '4', '--temperature', '0'];
    const { stdout, code, stderr } = await laurel([
      'sample',
      '--model_name_or_path',
      model,
      ...flags,
    ]);
    expect(code, stderr).toBe(0);
    return stdout;
  };
  const { bestStep } = readRunRecord(path('straight')).attempts[0]!;
  expect(await ask('straight')).toBe(await ask(`straight/checkpoints/checkpoint-${bestStep}`));
});

test.each([
  ['sft', ['--prompt_template', '{prompt}', '--completion_template', '{chosen}']],
  [
    'grpo',
    [
      ...['--reward_funcs', './judge.ts#short', '--num_generations', '2'],
      ...['--max_completion_length', '4'],
    ],
  ],
])('laurel %s carries the same monitor', async (trainer, flags) => {
  const shared = [...learning, ...looking, '--max_steps', '4', '--output_dir', trainer];
  const ended = await laurel([trainer, ...shared, ...flags]);
  expect(ended.code, ended.stderr).toBe(0);
  const looks = metricLines(path(trainer)).filter((line) => 'monitor/top_k_mass' in line);
  expect(looks.map(({ step }) => step)).toEqual([0, 2, 4]);
  expect('monitor/likelihood_chosen' in looks[0]!).toBe(trainer === 'sft');
});

test.each([
  [['--monitor_steps', 'null'], /required by early_stop: likelihood/],
  [['--save_steps', '3'], /set save_steps to 2, and save_total_limit to keep few/],
  [['--save_strategy', 'epoch'], /set save_strategy to steps, found epoch/],
  [['--early_stop', 'likelyhood'], /nothing is called "likelyhood". Did you mean likelihood\?/],
  [['--dataset_name', 'pairs/train.jsonl'], /is one file and has no split test.*monitor_steps/],
])('%s is refused before the first step', async (flags, message) => {
  const ended = await laurel(command('refused', ...flags));
  expect(ended.code).toBe(2);
  expect(ended.stderr).toMatch(message);
  expect(existsSync(path('refused'))).toBe(false);
});

test('the recipe of a monitored run is a configuration of laurel dpo', async () => {
  const file = new URL('../../recipes/monitored-dpo.yaml', import.meta.url).pathname;
  const recipe = parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  expect(recipe).toMatchObject({ early_stop: 'likelihood' });
  const smaller = ['--dataset_name', 'pairs', '--model', '{hidden_size: 16}'];
  const few = ['--max_steps', '2', '--monitor_steps', '1', '--save_steps', '1'];
  const short = ['--monitor_max_completion_length', '8', '--output_dir', 'recipe'];
  const ended = await laurel(['dpo', '--config', file, ...smaller, ...few, ...short]);
  expect(ended.code, ended.stderr).toBe(0);
});
