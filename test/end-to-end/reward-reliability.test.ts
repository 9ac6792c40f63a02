import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { workplace } from '../support/laurel-command.ts';
import { metricLines } from '../support/run-files.ts';

const { laurel, path, write } = workplace();

/** What the first completion of each of the first rows meets; every other completion gets its length. */
const misdeeds = {
  throws: `throw new Error('told to')`,
  'is NaN': `return NaN`,
  'is text': `return '1'`,
  loops: `for (;;);`,
  'loops later': `await null; for (;;);`,
  'never settles': `return new Promise(() => {})`,
  'floods memory': `for (const kept = [];;) kept.push(Buffer.alloc(2 ** 24, 1))`,
  exits: `process.exit(3)`,
  'prints garbage': `for (let i = 0; i < 100; i++) console.log('\\u0000\\uffff{]'.repeat(1000)); return 1`,
};

const rewardModule = `
const misdeeds = {
${Object.entries(misdeeds)
  .map(([name, body]) => `  ${JSON.stringify(name)}: async () => { ${body} },`)
  .join('\n')}
};
export async function troubled(completion, example, { index }) {
  return index === 0 && example.misdeed !== '' ? misdeeds[example.misdeed]() : completion.length;
}
`;

/** Rows past the misdeeds are well-behaved; 16 in all, half of them a step. */
const rows = Array.from({ length: 16 }, (_, n) => ({
  prompt: `${n}+1=`,
  misdeed: Object.keys(misdeeds)[n] ?? '',
}));

test('a reward module may do what it likes: the run goes on and counts it', async () => {
  write('reward.mjs', rewardModule);
  write('troubled/train.jsonl', rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const { code, stderr } = await laurel([
    ...[
      'grpo',
      '--config',
      'grpo.yaml',
      '--dataset_name',
      'troubled',
      '--output_dir',
      'troubled-run',
    ],
    ...['--reward_funcs', './reward.mjs#troubled', '--reward_timeout_ms', '1500'],
    ...['--max_steps', '2', '--per_device_train_batch_size', '32'],
  ]);
  expect(code, stderr).toBe(0);
  const lines = metricLines(path('troubled-run'));
  expect(lines.map(({ step }) => step)).toEqual([1, 2]);
  // Two steps of 8 prompts see each row once; printing garbage is no failure.
  const failures = lines.reduce((sum, line) => sum + line['rollout/reward_failures']!, 0);
  expect(failures).toBe(Object.keys(misdeeds).length - 1);
  const unscored = lines.reduce((sum, line) => sum + line['rollout/error_rate']! * 32, 0);
  expect(unscored).toBeCloseTo(failures, 9);
  for (const { loss } of lines) expect(Number.isFinite(loss)).toBe(true);
  expect(stderr).toMatch(/warning: step 1: reward troubled failed on \d of 32 completions/);
  expect(existsSync(path('troubled-run/checkpoints/checkpoint-2/model.safetensors'))).toBe(true);
  const run = JSON.parse(readFileSync(path('troubled-run/run.json'), 'utf8')) as {
    attempts: { outcome: string }[];
  };
  expect(run.attempts[0]!.outcome).toBe('finished');
});
