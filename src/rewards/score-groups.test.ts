import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../errors.ts';
import { groupOfTexts } from './group-of-texts.ts';
import { completionReward, groupReward } from './lift.ts';
import { scoreGroups } from './score-groups.ts';
import { summarizeRewards } from './summarize-rewards.ts';
import type { RewardFunction } from './types.ts';
import { weighted } from './weighted.ts';

const length: RewardFunction = (completion) => completion.length;

describe('values', () => {
  test('a function is called per completion with the example’s columns and its own tokens', async () => {
    const scores = await scoreGroups(
      [groupOfTexts(['ab', 'c'], { answer: 'ab' })],
      [
        function exact(completion, example) {
          return completion === example['answer'] ? 1 : 0;
        },
        function tokens(_completion, _example, { completionTokens }) {
          return completionTokens.length;
        },
      ],
    );
    expect(scores.names).toEqual(['exact', 'tokens']);
    expect(scores.values).toEqual([
      [
        [1, 2],
        [0, 1],
      ],
    ]);
    expect(scores.totals).toEqual([[3, 1]]);
  });

  test('weights enter the total, and the values stay as they were', async () => {
    const zero = () => 0.5;
    const scores = await scoreGroups(
      [groupOfTexts(['abc'])],
      weighted([
        [length, 2],
        [zero, -1],
      ]),
    );
    expect(scores.totals).toEqual([[5.5]]);
    expect(scores.values).toEqual([[[3, 0.5]]]);
    expect(
      (await scoreGroups([groupOfTexts(['abc'])], [length, zero], { weights: [0, 1] })).totals,
    ).toEqual([[0.5]]);
  });

  test('a missing value leaves the others’ sum; all missing is no reward, and is counted', async () => {
    const onlyLong = completionReward('only_long', (text) => (text.length > 1 ? 1 : null));
    const even = completionReward('even', (text) => (text.length % 2 ? null : 10));
    const scores = await scoreGroups([groupOfTexts(['a', 'bb', 'ccc'])], [onlyLong, even]);
    expect(scores.totals).toEqual([[null, 11, 1]]);
    expect(scores.unscoredCount).toBe(1);
    expect(scores.failures.map((failure) => failure.null)).toEqual([1, 2]);
  });

  test('group rewards see the whole group', async () => {
    const longest = groupReward('longest', (group) => {
      const most = Math.max(...group.rollouts.map(({ text }) => text.length));
      return group.rollouts.map(({ text }) => (text.length === most ? 1 : 0));
    });
    const scores = await scoreGroups(
      [groupOfTexts(['a', 'bb']), groupOfTexts(['ccc', 'd'])],
      longest,
    );
    expect(scores.totals).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });
});

describe('failures', () => {
  test('throwing, hanging and non-numbers are missing, never 0', async () => {
    const behaviours: Record<string, () => unknown> = {
      throw: () => {
        throw new Error('no judge today');
      },
      reject: () => Promise.reject(new Error('later')),
      loop: () => {
        for (;;);
      },
      caught: () => {
        for (;;) {
          try {
            for (;;);
          } catch {}
        }
      },
      never: () => new Promise(() => {}),
      NaN: () => Number.NaN,
      Infinity: () => Number.POSITIVE_INFINITY,
      text: () => '1',
      boolean: () => true,
      undefined: () => undefined,
      null: () => null,
      fine: () => 1,
    };
    const act: RewardFunction = (completion) => behaviours[completion]?.() as number;
    const scores = await scoreGroups([groupOfTexts(Object.keys(behaviours))], act, {
      timeoutMs: 50,
    });
    expect(scores.totals).toEqual([[...Array(11).fill(null), 1]]);
    expect(scores.failures[0]).toEqual({
      name: 'act',
      threw: 2,
      timeout: 3,
      nonfinite: 5,
      null: 1,
      crashed: 0,
      firstError: 'Error: no judge today',
    });
  });

  test('a regular expression that backtracks for ever is interrupted', async () => {
    const evil: RewardFunction = (completion) => (/^(a+)+$/.test(completion) ? 1 : 0);
    const started = performance.now();
    const scores = await scoreGroups([groupOfTexts([`${'a'.repeat(40)}!`])], evil, {
      timeoutMs: 50,
    });
    expect(scores.failures[0]?.timeout).toBe(1);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  test('a group reward of the wrong length fails for its group only', async () => {
    const short = groupReward('short', (group) => (group.rollouts.length > 1 ? [1] : [2]));
    const scores = await scoreGroups([groupOfTexts(['a', 'b']), groupOfTexts(['c'])], short);
    expect(scores.totals).toEqual([[null, null], [2]]);
    expect(scores.failures[0]?.firstError).toContain('expected 2 values, found 1 values');
  });
});

describe('time, signals and capabilities', () => {
  test('the signal a reward gets is aborted when its time is up', async () => {
    let aborted = false;
    const slow: RewardFunction = (_completion, _example, { signal }) =>
      new Promise(() => signal.addEventListener('abort', () => (aborted = true)));
    await scoreGroups([groupOfTexts(['a'])], slow, { timeoutMs: 20 });
    expect(aborted).toBe(true);
  });

  test('a reward’s own time limit goes before the runner’s', async () => {
    const slow = { ...completionReward('slow', () => sleep(60, 1)), timeoutMs: 5 };
    expect((await scoreGroups([groupOfTexts(['a'])], slow)).failures[0]?.timeout).toBe(1);
  });

  test('stopping the run rejects with its reason at once', async () => {
    const controller = new AbortController();
    const scoring = scoreGroups([groupOfTexts(['a'])], () => new Promise<number>(() => {}), {
      signal: controller.signal,
    });
    controller.abort(new Error('Ctrl-C'));
    await expect(scoring).rejects.toThrow('Ctrl-C');
  });

  test('many calls under way leave one listener on the caller’s signal, and none afterwards', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    const { signal } = new AbortController();
    const groups = Array.from({ length: 8 }, () => groupOfTexts(['a', 'b', 'c', 'd']));
    await scoreGroups(groups, () => sleep(5, 1), { signal });
    await sleep(5);
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('whatever a reward calls its metrics, they have a name of one line', async () => {
    const chatty: RewardFunction = (_completion, _example, { logMetric }) => {
      logMetric('', 1);
      logMetric('two\nlines', 2);
      logMetric('x'.repeat(1e6), 3);
      return 1;
    };
    const { metrics } = await scoreGroups([groupOfTexts(['a'])], chatty);
    expect(metrics).toEqual({ unnamed: 1, 'two lines': 2, ['x'.repeat(100)]: 3 });
  });

  test('a capability that the run lacks is named', async () => {
    const needy: RewardFunction = (_c, _e, { capability }) => capability<() => number>('embed')();
    const without = await scoreGroups([groupOfTexts(['a'])], needy, { capabilities: { judge: 1 } });
    expect(without.failures[0]?.firstError).toContain('"embed"');
    expect(without.failures[0]?.firstError).toContain('available: judge');
    const lent = await scoreGroups([groupOfTexts(['a'])], needy, {
      capabilities: { embed: () => 7 },
    });
    expect(lent.totals).toEqual([[7]]);
  });
});

describe('order', () => {
  test('asynchronous rewards overlap, and what they take changes neither order nor metrics', async () => {
    const run = async (delays: readonly number[]) => {
      const starts: string[] = [];
      let underWay = 0;
      let most = 0;
      const judge: RewardFunction = async (completion, _example, { logMetric, index }) => {
        starts.push(completion);
        underWay += 1;
        most = Math.max(most, underWay);
        await sleep(delays[index] as number);
        underWay -= 1;
        logMetric('judge/score', 0.1 * index + 1 / 3);
        return completion.length;
      };
      const groups = [groupOfTexts(['a', 'bb', 'ccc']), groupOfTexts(['dddd', 'e', 'ff'])];
      const scores = await scoreGroups(groups, judge, { concurrentGroups: 1 });
      return { starts, most, ...scores };
    };
    const one = await run([120, 10, 60]);
    expect(one.most).toBe(3);
    expect(await run([1, 50, 5])).toEqual(one);
    expect(one.starts).toEqual(['a', 'bb', 'ccc', 'dddd', 'e', 'ff']);
    expect(one.metrics['judge/score']).toBeCloseTo(0.1 + 1 / 3, 12);
  });

  test('synchronous rewards that take long are still called in index order', async () => {
    const calls: string[] = [];
    const busy: RewardFunction = (completion) => {
      calls.push(completion);
      const until = performance.now() + (completion === 'a' ? 30 : 0);
      while (performance.now() < until);
      return 1;
    };
    await scoreGroups([groupOfTexts(['a', 'b']), groupOfTexts(['c', 'd'])], busy);
    expect(calls).toEqual(['a', 'b', 'c', 'd']);
  });
});

test('what can’t work is refused before any call', async () => {
  const group = [groupOfTexts(['a'])];
  await expect(scoreGroups(group, [])).rejects.toThrow(ConfigError);
  await expect(scoreGroups(group, [length], { weights: [1, 2] })).rejects.toThrow(
    'expected 1 weights',
  );
  await expect(scoreGroups(group, [length, length])).rejects.toThrow('two are named "length"');
  await expect(scoreGroups(group, [5 as never])).rejects.toThrow('found number');
  expect(() => completionReward(() => 1)).toThrow(ConfigError);
});

test('the summary uses TRL’s names and leaves missing values out', async () => {
  // lengths 1, 2, 3 → mean 2, std 1; the even ones: [2] → mean 2, no std; totals 1, 4, 3.
  const even = completionReward('even', (text) => (text.length % 2 ? null : text.length));
  const scores = await scoreGroups([groupOfTexts(['a', 'bb', 'ccc'])], [length, even]);
  const summary = summarizeRewards(scores);
  expect(summary['rewards/length/mean']).toBe(2);
  expect(summary['rewards/length/std']).toBe(1);
  expect(summary['rewards/even/mean']).toBe(2);
  expect(summary).not.toHaveProperty('rewards/even/std');
  expect(summary['reward']).toBeCloseTo(8 / 3, 12);
  // deviations −5/3, 4/3, 1/3: √((25 + 16 + 1) / 9 / 2)
  expect(summary['reward_std']).toBeCloseTo(Math.sqrt(42 / 18), 12);
});
