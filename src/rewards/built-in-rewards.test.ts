import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Columns } from '../types.ts';
import { accuracyReward } from './accuracy-reward.ts';
import { cosineScaledReward } from './cosine-scaled-reward.ts';
import { exactMatchReward } from './exact-match-reward.ts';
import { formatReward } from './format-reward.ts';
import { groupOfTexts } from './group-of-texts.ts';
import { reasoningAccuracyReward } from './reasoning-accuracy-reward.ts';
import { repetitionPenaltyReward } from './repetition-penalty-reward.ts';
import { scoreGroups } from './score-groups.ts';
import { softOverlongPunishment } from './soft-overlong-punishment.ts';
import { thinkFormatReward } from './think-format-reward.ts';
import type { Reward } from './types.ts';

interface Golden {
  think: { completion: string; reward: number }[];
  repetition: { tokens: number[]; ngramSize: number; maxPenalty: number; reward: number }[];
  overlong: {
    length: number;
    maxCompletionTokens: number;
    softPunishTokens: number;
    reward: number;
  }[];
  cosine: {
    completion: string;
    solution: string;
    length: number;
    options: Record<string, number>;
    reward: number;
  }[];
  reasoning: { completion: string; solution: string; delimiters: string[]; reward: number }[];
  accuracy: { completion: string; solution: string; reward: number }[];
}
const golden = JSON.parse(
  readFileSync(new URL('../../test/golden/rewards/trl-rewards.json', import.meta.url), 'utf8'),
) as Golden;

/** One completion's value, with tokens of one's choice. */
async function score(reward: Reward, text: string, columns: Columns = {}, tokens?: number[]) {
  const group = groupOfTexts([text], columns);
  const rollouts = group.rollouts.map((rollout) => (tokens ? { ...rollout, tokens } : rollout));
  const { totals, failures } = await scoreGroups([{ ...group, rollouts }], reward);
  expect(failures[0]?.firstError).toBeUndefined();
  return totals[0]?.[0];
}
const repeat = (length: number) => Array.from({ length }, () => 1);

describe('against TRL 1.13', () => {
  test('think format', async () => {
    for (const { completion, reward } of golden.think) {
      expect(await score(thinkFormatReward(), completion), completion).toBe(reward);
    }
  });

  test('repetition penalty', async () => {
    for (const { tokens, reward, ...options } of golden.repetition) {
      expect(await score(repetitionPenaltyReward(options), '', {}, tokens)).toBeCloseTo(reward, 12);
    }
  });

  test('soft overlong punishment', async () => {
    for (const { length, reward, ...options } of golden.overlong) {
      expect(await score(softOverlongPunishment(options), '', {}, repeat(length))).toBe(reward);
    }
  });

  test('cosine schedule', async () => {
    for (const { completion, solution, length, options, reward } of golden.cosine) {
      const scaled = cosineScaledReward({
        maxTokens: options['max_len'] as number,
        ...(options['min_value_wrong'] !== undefined && {
          minValueWrong: options['min_value_wrong'],
          maxValueWrong: options['max_value_wrong'] as number,
          minValueCorrect: options['min_value_correct'] as number,
          maxValueCorrect: options['max_value_correct'] as number,
        }),
      });
      expect(await score(scaled, completion, { solution }, repeat(length))).toBeCloseTo(reward, 12);
    }
  });

  test('accuracy after the reasoning', async () => {
    for (const { completion, solution, delimiters, reward } of golden.reasoning) {
      const accuracy = reasoningAccuracyReward({ delimiters });
      expect(await score(accuracy, completion, { solution }), completion).toBe(reward);
    }
  });

  test('accuracy', async () => {
    for (const { completion, solution, reward } of golden.accuracy) {
      expect(await score(accuracyReward(), completion, { solution })).toBe(reward);
    }
  });
});

describe('accuracy', () => {
  test('reads the column it is told, as worked solution or bare answer, text or number', async () => {
    const accuracy = accuracyReward({ column: 'answer' });
    expect(await score(accuracy, '#### 72', { answer: 'Natalia sold 48/2 = 24\n#### 72' })).toBe(1);
    expect(await score(accuracy, '\\boxed{72}', { answer: 72 })).toBe(1);
    expect(await score(accuracy, '72', { answer: 72 })).toBe(0);
    expect(await score(accuracy, '\\boxed{72}', { answer: ' ' })).toBe(null);
  });

  test('a missing column is an error that names the columns there are', async () => {
    const scores = await scoreGroups([groupOfTexts(['a'], { answer: '1' })], accuracyReward());
    expect(scores.failures[0]).toMatchObject({ threw: 1 });
    expect(scores.failures[0]?.firstError).toContain('column "solution"');
    expect(scores.failures[0]?.firstError).toContain('columns: answer');
  });
});

test('exact match ignores white space at the ends only', async () => {
  const exact = exactMatchReward({ column: 'target' });
  expect(await score(exact, ' 12\n', { target: '12' })).toBe(1);
  expect(await score(exact, '1 2', { target: '12' })).toBe(0);
  expect(await score(exact, '12', { target: 12 })).toBe(1);
});

test('format asks for the whole completion', async () => {
  expect(await score(formatReward(/\d+/), '123')).toBe(1);
  expect(await score(formatReward(/\d+/), '123 ')).toBe(0);
  expect(await score(formatReward(/a|b/), 'ab')).toBe(0);
  expect(await score(formatReward(/a/m), 'a\nb')).toBe(0);
  expect(await score(formatReward(/A/i, { name: 'letter' }), 'a')).toBe(1);
  expect(() => formatReward(/a/g)).toThrow('flag g');
});

test('a penalty that would reward is refused', () => {
  expect(() => repetitionPenaltyReward({ maxPenalty: 0.5 })).toThrow('expected at most 0');
});
