import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { workplace } from '../support/laurel-command.ts';
import { checkpointBytes, metricLines } from '../support/run-files.ts';

const { laurel, path, write } = workplace();

const users = Array.from({ length: 24 }, (_, user) => user);
/** Who took item i takes item i + 1 next, of twelve in a circle. */
write(
  'log.csv',
  `user,item,time\n${users
    .flatMap((user) =>
      Array.from({ length: 6 }, (_, time) => `u${user},i${(user + time) % 12},${time}`),
    )
    .join('\n')}\n`,
);
write(
  'ids.json',
  JSON.stringify(
    Object.fromEntries(
      Array.from({ length: 12 }, (_, item) => [
        `i${item}`,
        [`<a_${Math.floor(item / 4)}>`, `<b_${item % 4}>`],
      ]),
    ),
  ),
);

async function run(args: readonly string[], options: Parameters<typeof laurel>[1] = {}) {
  const ended = await laurel(args, options);
  return ended;
}

const supervised = [
  ...'recommend train catalogue --method supervised --model.hidden_size 32 --model.num_hidden_layers 1'.split(
    ' ',
  ),
  ...'--model.num_attention_heads 2 --per_device_train_batch_size 8 --learning_rate 0.01'.split(
    ' ',
  ),
  ...'--num_train_epochs 8 --logging_steps 1 --validation_width 6 --warmup_steps 0'.split(' '),
];

const rere = [
  ...'recommend train catalogue --method rere --model_name_or_path supervised --prompts_per_step 4'.split(
    ' ',
  ),
  ...'--group_size 4 --max_steps 8 --learning_rate 0.001 --logging_steps 1 --validation_width 6'.split(
    ' ',
  ),
  ...'--eval_steps 2 --save_steps 2 --ref_model_sync_steps 2'.split(' '),
];

test('a log is prepared, learned, rewarded and measured; killed and resumed, both trainings end in the same bits', async () => {
  const prepared = await run([
    'recommend',
    'prepare',
    'log.csv',
    '--index',
    'ids.json',
    '--out',
    'catalogue',
  ]);
  expect(prepared.code, prepared.stderr).toBe(0);

  const first = await run([...supervised, '--out', 'supervised']);
  expect(first.code, first.stderr).toBe(0);
  expect(first.stderr).toContain('npx laurel recommend evaluate supervised --data catalogue');
  const ndcg = metricLines(path('supervised/run')).flatMap(
    (line) => line['eval_ranking/ndcg_10'] ?? [],
  );
  expect(ndcg.length).toBeGreaterThan(1);
  expect(existsSync(path('supervised/recommender.json'))).toBe(true);

  const straight = await run([...rere, '--out', 'straight']);
  expect(straight.code, straight.stderr).toBe(0);

  let sent = false;
  const killed = await run([...rere, '--out', 'killed'], {
    onStderr: (text, child) => {
      if (sent || !text.includes('step 5/')) return;
      sent = true;
      child.kill('SIGKILL');
    },
  });
  expect(killed.signal).toBe('SIGKILL');
  const resumed = await run([...rere, '--out', 'killed', '--resume_from_checkpoint', 'true']);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(checkpointBytes(path('killed/run'), 8)).toEqual(checkpointBytes(path('straight/run'), 8));
  const bytes = (folder: string) => readFileSync(path(folder, 'model.safetensors'));
  expect(bytes('killed').equals(bytes('straight'))).toBe(true);
  const [line] = metricLines(path('straight/run')).filter((each) => 'rollout/hit_rate' in each);
  expect(line).toMatchObject({ 'rollout/group_diversity': 1 });
}, 300_000);

test('methods are listed, and a wrong one is answered with the nearest', async () => {
  const help = await run(['recommend', 'train', '--method', 'rere', '--help']);
  expect(help.stdout).toContain('--prompts_per_step');
  expect(help.stdout).toContain('popularity  what most users took');
  const wrong = await run(['recommend', 'train', 'catalogue', '--method', 'rer', '--out', 'x']);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain('Did you mean rere?');
}, 300_000);

test('popularity is made without a run', async () => {
  const made = await run([
    'recommend',
    'train',
    'catalogue',
    '--method',
    'popularity',
    '--out',
    'popular',
  ]);
  expect(made.code, made.stderr).toBe(0);
  expect(existsSync(path('popular/recommender.json'))).toBe(true);
}, 300_000);
