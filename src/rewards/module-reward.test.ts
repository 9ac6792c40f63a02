import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ConfigError } from '../errors.ts';
import { groupOfTexts } from './group-of-texts.ts';
import { type ModuleReward, moduleReward } from './module-reward.ts';
import { scoreGroups } from './score-groups.ts';

const baseDirectory = fileURLToPath(new URL('../../test/golden/rewards', import.meta.url));
const open = (specifier: string) =>
  moduleReward(specifier, { baseDirectory, memoryLimitMb: 64, startTimeoutMs: 20_000 });

describe('a reward in a child process', () => {
  let obedient: ModuleReward;
  beforeAll(async () => {
    obedient = await open('./module-rewards.ts#obedient');
  });
  afterAll(() => obedient.close());

  test('scores as it would inline: columns, index and metrics arrive', async () => {
    const scores = await scoreGroups([groupOfTexts(['a', 'bbb'], { bonus: 10 })], obedient);
    expect(scores.names).toEqual(['obedient']);
    expect(scores.totals).toEqual([[11, 13]]);
    expect(scores.metrics).toEqual({ seen: 0.5 });
  });

  test('a hang costs only the completion that hangs, before or after its first await', async () => {
    const groups = [
      groupOfTexts(['ok', 'hang', 'never', 'throw']),
      groupOfTexts(['hang later', 'good']),
    ];
    const scores = await scoreGroups(groups, obedient, { timeoutMs: 700 });
    expect(scores.totals).toEqual([
      [2, null, null, null],
      [null, 4],
    ]);
    expect(scores.failures[0]).toMatchObject({ timeout: 3, threw: 1, crashed: 0, nonfinite: 0 });
  });

  test('a crash costs only the completion that crashes, and floods go nowhere', async () => {
    const printed = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const group = groupOfTexts(['ok', 'exit', 'allocate', 'print', 'fine']);
    const scores = await scoreGroups([group], obedient, { timeoutMs: 30_000 });
    const printedCharacters = printed.mock.calls.reduce((sum, [text]) => sum + text.length, 0);
    printed.mockRestore();
    expect(scores.totals).toEqual([[2, null, null, 5, 4]]);
    expect(scores.failures[0]).toMatchObject({ crashed: 2, timeout: 0, threw: 0 });
    expect(scores.failures[0]?.firstError).toContain('exit code 3');
    // 2 MB are printed each time the completion is tried; a process gets 16 KiB through.
    expect(printedCharacters).toBeLessThan(100_000);
  });

  test('columns that can’t be sent are a failure of that group, not of the run', async () => {
    const groups = [groupOfTexts(['a'], { f: () => 1 }), groupOfTexts(['b'])];
    const scores = await scoreGroups(groups, obedient);
    expect(scores.totals).toEqual([[null], [1]]);
    expect(scores.failures[0]?.firstError).toContain('could not be cloned');
  });

  test('stopping the run stops the wait, and the reward works again afterwards', async () => {
    const controller = new AbortController();
    const groups = [groupOfTexts(['never', 'a']), groupOfTexts(['b'])];
    const scoring = scoreGroups(groups, obedient, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('stopped by test')), 200);
    await expect(scoring).rejects.toThrow('stopped by test');
    expect((await scoreGroups([groupOfTexts(['abc'])], obedient)).totals).toEqual([[3]]);
  });
});

test('group rewards and default exports work, under their own names', async () => {
  using rank = await open('module-rewards.ts#rank');
  using constant = await open('./module-rewards.ts');
  const scores = await scoreGroups([groupOfTexts(['a', 'b', 'c'])], [rank, constant]);
  expect(scores.names).toEqual(['rank', 'constant']);
  expect(scores.values).toEqual([
    [
      [0, 1],
      [1, 1],
      [2, 1],
    ],
  ]);
});

test('a module that is not there or exports no reward is refused before the first step', async () => {
  await expect(open('./nowhere.ts#a')).rejects.toThrow(ConfigError);
  await expect(open('./module-rewards.ts#missing')).rejects.toThrow(
    'it has no export "missing" (it exports',
  );
  await expect(open('./module-rewards.ts#notAReward')).rejects.toThrow('expected a function');
});
