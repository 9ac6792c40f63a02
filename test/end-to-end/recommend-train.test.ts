import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import type { Evaluation } from '../../src/recommendation/index.ts';
import { type Ended, workplace } from '../support/laurel-command.ts';
import { checkpointBytes, checkpointSteps, metricLines } from '../support/run-files.ts';

// Each test starts processes, which takes long on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

const { laurel, path, write } = workplace();

const ITEMS = 8;

/** Who took item i takes item i + 1 next, of eight in a circle. */
const events = Array.from({ length: 12 }, (_, user) =>
  Array.from({ length: 5 }, (_, time) => `u${user},i${(user + time) % ITEMS},${time}`),
).flat();
write('log.csv', `user,item,time\n${events.join('\n')}\n`);
const ids = Array.from({ length: ITEMS }, (_, item) => [
  `i${item}`,
  [`<a_${Math.floor(item / 4)}>`, `<b_${item % 4}>`],
]);
write('ids.json', JSON.stringify(Object.fromEntries(ids)));

const recommend = (words: string, options: Parameters<typeof laurel>[1] = {}) =>
  laurel(['recommend', ...words.split(' ')], options);

async function succeed(words: string): Promise<Ended> {
  const ended = await recommend(words);
  expect(ended.code, ended.stderr).toBe(0);
  return ended;
}

/** How a trained recommender writes items. */
const writing = (folder: string) =>
  JSON.parse(readFileSync(path(folder, 'recommender.json'), 'utf8')).settings;

const sizes = '--model.hidden_size 16 --model.num_hidden_layers 1 --model.num_attention_heads 2';

test('a log is prepared and learned, and the training is validated', async () => {
  await succeed('prepare log.csv --index ids.json --out catalogue');
  const { stderr } = await succeed(
    `train catalogue --method supervised --out supervised ${sizes} --per_device_train_batch_size 4 --learning_rate 0.01 --num_train_epochs 2 --warmup_steps 0 --validation_width 8 --distribution constrained --codes deciding --vocabulary beginnings`,
  );
  expect(stderr).toContain('npx laurel recommend evaluate supervised --data catalogue');
  const measured = metricLines(path('supervised/run')).filter(
    (line) => line['eval_ranking/ndcg_10'] !== undefined,
  );
  expect(measured).toHaveLength(2);
  expect(writing('supervised')).toMatchObject({
    distribution: 'constrained',
    codes: 'deciding',
    vocabulary: 'beginnings',
  });
});

const STEPS = 10;

const methods = {
  rere: '--prompts_per_step 4 --group_size 4 --ref_model_sync_steps 2',
  sdpo: '--per_device_train_batch_size 8 --negatives 2',
};

test.each(['rere', 'sdpo'] as const)(
  '%s goes on from the supervised recommender; killed and resumed, it ends in the same bits',
  async (method) => {
    const train = (out: string) =>
      `train catalogue --method ${method} --model_name_or_path supervised --out ${out} ${methods[method]} --max_steps ${STEPS} --eval_steps 2 --save_steps 2 --early_stopping_patience 99 --learning_rate 0.001 --logging_steps 1 --validation_width 8`;
    const killed = `killed-${method}`;
    await succeed(train(method));
    let sent = false;
    const ended = await recommend(train(killed), {
      onStderr: (text, child) => {
        if (sent || !text.includes('step 3/')) return;
        sent = true;
        child.kill('SIGKILL');
      },
    });
    expect(ended.signal, ended.stderr).toBe('SIGKILL');
    const resumed = await succeed(`${train(killed)} --resume_from_checkpoint true`);
    expect(resumed.stderr).toMatch(/10 steps, going on from step \d/);
    const runs = [path(killed, 'run'), path(method, 'run')] as const;
    expect(checkpointSteps(runs[0]).at(-1)).toBe(STEPS);
    const [first, second] = runs.map((run) => checkpointBytes(run, STEPS));
    expect(first).toEqual(second);
    const bytes = (folder: string) => readFileSync(path(folder, 'model.safetensors'));
    expect(bytes(killed).equals(bytes(method))).toBe(true);
    expect(bytes(method).equals(bytes('supervised'))).toBe(false);
    // As the recommender that it goes on from, without being told.
    expect(writing(method)).toEqual(writing('supervised'));
  },
);

test('evaluate puts everything trained into one table', async () => {
  await succeed('train catalogue --method popularity --out popular');
  await succeed(
    'train catalogue --method sasrec --out sasrec --hidden_size 8 --num_layers 1 --num_train_epochs 1',
  );
  await succeed(
    `evaluate popular supervised rere sdpo sasrec --data catalogue --ks 1,${ITEMS} --json measured.json`,
  );
  const measured: Evaluation[] = JSON.parse(readFileSync(path('measured.json'), 'utf8'));
  const names = ['popularity', 'popular', 'supervised', 'rere', 'sdpo', 'sasrec'];
  expect(measured.map(({ name }) => name)).toEqual(names);
  // All items are ranked, and each has an id of its own: every target is in every list.
  for (const { cutOffs, invalidRate, ranks } of measured) {
    expect(cutOffs.at(-1)!.hitRate.mean).toBe(1);
    expect(invalidRate).toBe(0);
    expect(ranks).toHaveLength(12);
  }
  expect(measured[1]!.ranks).toEqual(measured[0]!.ranks);
});

test('what was validation can be learned, and then chooses no checkpoint', async () => {
  const train = `train catalogue --method rere --model_name_or_path supervised --out newer ${methods.rere} --max_steps 3 --learning_rate 0.001 --dataset_train_split valid`;
  const refused = await recommend(train);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('set validation_questions to 0');
  const best = await recommend(`${train} --validation_questions 0 --save_strategy best`);
  expect(best.stderr).toContain('set save_strategy to steps, epoch or no');
  // Nothing is evaluated, so that nothing has to be saved with it.
  await succeed(`${train} --validation_questions 0 --save_steps 2`);
  const lines = metricLines(path('newer/run'));
  expect(lines.some((line) => line['eval_ranking/ndcg_10'] !== undefined)).toBe(false);
  const { stderr } = await succeed('evaluate newer --data catalogue --split valid');
  expect(stderr).toContain('newer has learned the questions of validation');
  const next = await recommend(
    'train catalogue --method supervised --model_name_or_path newer --out next',
  );
  expect(next.code).toBe(2);
  expect(next.stderr).toContain('newer has learned the questions of validation');
  // Twelve users have one question each: four a step make an epoch of three steps.
  expect(lines.findLast((line) => line['epoch'] !== undefined)?.['epoch']).toBe(1);
});

test('methods are listed, and a wrong one is answered with the nearest', async () => {
  const help = await succeed('train --method rere --help');
  expect(help.stdout).toContain('--prompts_per_step');
  expect(help.stdout).toMatch(/popularity +what most users took/);
  const wrong = await recommend('train catalogue --method rer --out x');
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain('Did you mean rere?');
});
