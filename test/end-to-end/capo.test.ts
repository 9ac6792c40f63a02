import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { workplace } from '../support/laurel-command.ts';
import { checkpointBytes, metricLines, timelessLines } from '../support/run-files.ts';

const { laurel, path } = workplace();

/** Tight bounds, so that a model this small rejects some tokens. */
const bounds = ['--fisher_token_mask_tau', '1e-2', '--hessian_token_mask_tau', '0.1'];
const command = (name: string, ...flags: string[]) => [
  name,
  ...['--config', 'grpo.yaml', '--reward_funcs', './letters.mjs#letters'],
  ...flags,
];

test('laurel capo rejects tokens, says how many, and killed and resumed it ends in the same bits', async () => {
  const straight = await laurel(command('capo', ...bounds, '--output_dir', 'straight'));
  expect(straight.code, straight.stderr).toBe(0);
  const shares = metricLines(path('straight')).map((line) => line['token_filter/rejected']!);
  expect(shares).toHaveLength(4);
  expect(Math.max(...shares)).toBeGreaterThan(0);

  const args = command('capo', ...bounds, '--output_dir', 'killed');
  const killed = await laurel(args, {
    onStderr: (text, child) => text.includes('step 3/') && child.kill('SIGKILL'),
  });
  expect(killed.signal).toBe('SIGKILL');
  const resumed = await laurel([...args, '--resume_from_checkpoint', 'true']);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(checkpointBytes(path('killed'), 4)).toEqual(checkpointBytes(path('straight'), 4));
  expect(timelessLines(path('killed'))).toEqual(timelessLines(path('straight')));
});

test('grpo takes the filter by name, with its options in a mapping', async () => {
  const filter = ['--token_filter', 'capo', '--token_filter_options'];
  const named = await laurel(
    command('grpo', ...filter, '{fisher_token_mask_tau: 0.01}', '--output_dir', 'named'),
  );
  expect(named.code, named.stderr).toBe(0);
  expect(metricLines(path('named'))[0]).toHaveProperty('token_filter/rejected');
  expect(readdirSync(path('named/checkpoints/checkpoint-4'))).toContain('token-filter.safetensors');
});

test.each([
  [['--token_filter', 'cappo'], /token_filter: no filter is called "cappo"\. Did you mean capo\?/],
  [
    ['--token_filter', 'capo', '--token_filter_options', '{fisher_tau: 1}'],
    /token_filter_options of capo[\s\S]*fisher_tau/,
  ],
  [
    ['--token_filter', 'capo', '--token_filter_options', '{optim_model_type: lion}'],
    /optim_model_type/,
  ],
])('%j is refused as input', async (flags, message) => {
  const { code, stderr } = await laurel(command('grpo', ...flags, '--dry_run'));
  expect(stderr).toMatch(message);
  expect(code).toBe(2);
});
