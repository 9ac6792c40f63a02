import { expect, test } from 'vitest';
import { workplace } from '../support/laurel-command.ts';
import { checkpointBytes, metricLines, timelessLines } from '../support/run-files.ts';

const { laurel, path, write } = workplace();

/** The better answer is short. */
const pair = (n: number) => ({ prompt: `${n}+1=`, chosen: String(n + 1), rejected: 'no, no' });
const asTurns = (n: number) => {
  const turn = (role: string, content: string) => ({ role, content });
  const question = turn('user', `${n}+1=`);
  return {
    chosen: [question, turn('assistant', String(n + 1))],
    rejected: [question, turn('assistant', 'no')],
    margin: 0.5,
  };
};

const jsonl = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const numbers = Array.from({ length: 8 }, (_, n) => n);
for (const split of ['train', 'test']) {
  write(`pairs/${split}.jsonl`, jsonl(numbers.map(pair)));
  write(`turns/${split}.jsonl`, jsonl(numbers.map(asTurns)));
}

const command = (dataset: string, ...flags: string[]) => [
  'reward',
  ...['--dataset_name', dataset, '--tokenizer', 'byte', '--model', '{hidden_size: 16}'],
  ...['--learning_rate', '0.01', '--per_device_train_batch_size', '4', '--max_steps', '6'],
  ...['--logging_steps', '1', '--save_steps', '2', '--center_rewards_coefficient', '0.01'],
  ...flags,
];

test('laurel reward learns pairs, logs TRL’s names, and killed and resumed it ends in the same bits', async () => {
  const held = ['--eval_strategy', 'steps', '--eval_steps', '3'];
  const straight = await laurel(command('pairs', '--output_dir', 'straight', ...held));
  expect(straight.code, straight.stderr).toBe(0);
  expect(straight.stderr).toContain('npx laurel grpo --reward_funcs straight');
  expect(metricLines(path('straight')).at(-1)).toMatchObject({ eval_accuracy: 1 });

  const args = command('pairs', '--output_dir', 'killed', ...held);
  const killed = await laurel(args, {
    onStderr: (text, child) => text.includes('step 3/') && child.kill('SIGKILL'),
  });
  expect(killed.signal).toBe('SIGKILL');
  const resumed = await laurel([...args, '--resume_from_checkpoint', 'true']);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(resumed.stderr).not.toContain('warning');
  expect(checkpointBytes(path('killed'), 6)).toEqual(checkpointBytes(path('straight'), 6));
  expect(timelessLines(path('killed'))).toEqual(timelessLines(path('straight')));
});

test('the folder of a reward model is a reward of laurel grpo, and no policy', async () => {
  const trained = await laurel(command('pairs', '--output_dir', 'scores', '--max_steps', '2'));
  expect(trained.code, trained.stderr).toBe(0);
  const policy = await laurel([
    'grpo',
    ...['--dataset_name', 'pairs', '--tokenizer', 'byte', '--model', '{hidden_size: 16}'],
    ...['--reward_funcs', 'scores', '--max_steps', '2', '--logging_steps', '1'],
    ...['--num_generations', '4', '--per_device_train_batch_size', '4'],
    ...['--max_completion_length', '6', '--output_dir', 'policy'],
  ]);
  expect(policy.code, policy.stderr).toBe(0);
  for (const line of metricLines(path('policy')))
    expect(line['rewards/scores/mean']).toEqual(expect.any(Number));
  const sampled = await laurel(['sample', '--model_name_or_path', 'scores', '--prompt', 'a']);
  expect(sampled.code).toBe(2);
  expect(sampled.stderr).toMatch(/is a reward model/);
});

test('laurel reward --dry_run counts conversations with an implicit prompt and margins, and pairs left out', async () => {
  const dry = await laurel(command('turns', '--dry_run'));
  expect(dry.code, dry.stderr).toBe(0);
  expect(dry.stdout).toMatch(/pairs per step +4\n/);
  expect(dry.stdout).toMatch(/pairs with a margin +8\n/);
  // `N+1=`, an answer of a digit or of two, the end of sequence; `no, no` makes 11 tokens of the worse text.
  const cut = await laurel(command('pairs', '--max_length', '10'));
  expect(cut.code).toBe(2);
  expect(cut.stderr).toMatch(/max_length 10 leaves all 8 pairs out.*at least 11/);
});

test('what laurel reward cannot do is refused with what to do instead', async () => {
  const adapted = await laurel(command('pairs', '--use_peft', 'true'));
  expect(adapted.code).toBe(2);
  expect(adapted.stderr).toMatch(/A reward model is trained whole.*\n.*use_peft/);
});
