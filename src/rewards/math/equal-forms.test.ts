import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { equalAnswers } from './equal-answers.ts';

const file = new URL('../../../test/golden/rewards/equal-forms.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as {
  cases: { family: string; equal: string[]; wrong: string[] }[];
};
const families = [...new Set(cases.map(({ family }) => family))];

describe('forms that sympy derived from each other', () => {
  test.each(families)('%s', (name) => {
    const wrongly: [string, string, boolean][] = [];
    for (const { equal, wrong } of cases.filter(({ family }) => family === name)) {
      const [first, ...others] = equal as [string, ...string[]];
      for (const form of others) if (!equalAnswers(first, form)) wrongly.push([first, form, false]);
      for (const form of wrong) if (equalAnswers(first, form)) wrongly.push([first, form, true]);
    }
    expect(wrongly).toEqual([]);
  });
});
