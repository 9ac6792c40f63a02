import { expect, test } from 'vitest';
import { workplace } from '../support/laurel-command.ts';
import { checkpointBytes, metricLines, timelessLines } from '../support/run-files.ts';

const { laurel, path, write } = workplace();

const sum = (n: number) => ({ prompt: `${n}+1=`, chosen: String(n + 1), rejected: 'no' });
const asTurns = (n: number) => {
  const turn = (role: string, content: string) => ({ role, content });
  const question = turn('user', `${n}+1=`);
  // The prompt is the turn that both begin with.
  return {
    chosen: [question, turn('assistant', String(n + 1))],
    rejected: [question, turn('assistant', 'no')],
  };
};

const jsonl = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const numbers = Array.from({ length: 8 }, (_, n) => n);
for (const split of ['train', 'test']) {
  write(`pairs/${split}.jsonl`, jsonl(numbers.map(sum)));
  write(`turns/${split}.jsonl`, jsonl(numbers.map(asTurns)));
}

const command = (dataset: string, ...flags: string[]) => [
  'dpo',
  ...['--dataset_name', dataset, '--tokenizer', 'byte', '--model', '{hidden_size: 16}'],
  ...['--learning_rate', '0.01', '--per_device_train_batch_size', '4', '--max_steps', '6'],
  ...['--logging_steps', '1', '--save_steps', '2', '--precompute_ref_log_probs', 'true'],
  ...flags,
];

test('laurel dpo learns pairs, logs TRL’s names, and killed and resumed it ends in the same bits', async () => {
  const held = ['--eval_strategy', 'steps', '--eval_steps', '3'];
  const straight = await laurel(command('pairs', '--output_dir', 'straight', ...held));
  expect(straight.code, straight.stderr).toBe(0);
  const lines = metricLines(path('straight'));
  expect(lines[0]).toMatchObject({ 'rewards/margins': 0, 'rewards/accuracies': 0 });
  const last = lines.findLast((line) => 'loss' in line)!;
  expect(last['loss']).toBeLessThan(Math.LN2);
  expect(last['rewards/accuracies']).toBe(1);
  expect(lines.at(-1)).toHaveProperty('eval_rewards/margins');

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

test('laurel dpo --dry_run counts conversations with an implicit prompt, and names a row that would be cut away', async () => {
  const dry = await laurel(command('turns', '--dry_run'));
  expect(dry.code, dry.stderr).toBe(0);
  expect(dry.stdout).toMatch(/pairs per step +4\n/);
  // `1<|im_end|>\n`: a digit, the end of turn and a line break.
  expect(dry.stdout).toMatch(/tokens of a better completion +mean 3\n/);
  const cut = await laurel(command('turns', '--max_length', '10'));
  expect(cut.code).toBe(2);
  expect(cut.stderr).toMatch(/row 0: max_length 10 cuts all of chosen away/);
});
