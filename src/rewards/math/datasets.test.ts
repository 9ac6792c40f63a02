import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { scoreAnswer } from '../accuracy-reward.ts';
import { equalAnswers } from './equal-answers.ts';
import { extractAnswer } from './extract-answer.ts';

// Beside the repository; absent outside the project's own machines.
const data = new URL('../../../../shared/data/', import.meta.url);
const present = (file: string) => existsSync(new URL(file, data));
/** Rows of a file; none where it is absent, since a skipped block is read all the same. */
const rows = (file: string): Record<string, string>[] =>
  present(file)
    ? readFileSync(new URL(file, data), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    : [];
const swapLast = (digits: string) =>
  digits.length > 1 && digits.at(-1) !== digits.at(-2)
    ? `${digits.slice(0, -2)}${digits.at(-1)}${digits.at(-2)}`
    : undefined;

/** Pairs that came out otherwise than expected, so that a failure shows them. */
function failures(pairs: Iterable<readonly [string, string]>, expected: boolean) {
  return [...pairs].filter(([reference, answer]) => equalAnswers(reference, answer) !== expected);
}

describe.skipIf(!present('gsm8k/train.jsonl'))('GSM8K (skipped without shared/data/gsm8k)', () => {
  const solutions = ['gsm8k/train.jsonl', 'gsm8k/test.jsonl'].flatMap((file) =>
    present(file) ? rows(file).map((row) => row['answer'] as string) : [],
  );
  const answers = [...new Set(solutions.map((solution) => extractAnswer(solution) as string))];

  test('every worked solution is accepted against itself', () => {
    expect(solutions.length).toBe(7473 + 1319);
    expect(solutions.filter((solution) => scoreAnswer(solution, solution) !== 1)).toEqual([]);
  });

  test('every answer is accepted in equal forms', () => {
    const forms = (answer: string) => {
      const bare = answer.replace(/,/g, '');
      const grouped = bare.replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ',');
      return [
        bare,
        grouped,
        `$${bare}$`,
        `\\$${grouped}`,
        `${bare}.`,
        ` ${bare} `,
        `${bare} dollars`,
        `\\boxed{${bare}}`,
        `${bare}/1`,
        `\\frac{${bare}0}{10}`,
        bare.includes('.') ? `${bare}0` : `${bare}.00`,
        `${bare}00\\%`.replace(/^(.*)\.(\d)0*00\\%$/, '$1$20\\%'),
        `x = ${bare}`,
        `${bare}\\text{ apples}`,
      ];
    };
    const decimal = (answer: string) => answer.includes('.');
    const pairs = answers.flatMap((answer) =>
      forms(answer)
        .filter((form) => !(decimal(answer) && /%|frac/.test(form)))
        .map((form) => [answer, form] as const),
    );
    expect(failures(pairs, true)).toEqual([]);
  });

  test('every perturbed answer is refused', () => {
    const perturbed = (answer: string) => {
      const bare = answer.replace(/,/g, '');
      const n = Number(bare);
      const changed = [
        String(n + 1),
        String(n - 1),
        `${bare} or ${n + 1}`,
        `${bare}\\%`,
        swapLast(bare),
      ];
      return n === 0
        ? changed.slice(0, 3)
        : [
            ...changed,
            bare.startsWith('-') ? bare.slice(1) : `-${bare}`,
            `${bare}/10`,
            `${bare} thousand`,
          ];
    };
    const pairs = answers.flatMap((answer) =>
      perturbed(answer)
        .filter((form) => form !== undefined)
        .map((form) => [answer, form] as const),
    );
    expect(failures(pairs, false)).toEqual([]);
  });
});

const simple = /^\\[dt]?frac\{(\d+)\}\{(\d+)\}$/;
/** An answer of MATH in other notation; unchanged where a form does not apply. */
const formsOf = (answer: string) => [
  `$${answer}$`,
  `\\( ${answer} \\)`,
  `${answer}.`,
  `  ${answer} `,
  `\\boxed{${answer}}`,
  answer.replace(/\\frac(?=[{\d ])/g, '\\dfrac'),
  answer.replace(/\\[dt]frac/g, '\\frac'),
  answer.replace(/\\left|\\right/g, ''),
  answer.replace(/(?<!\\)\(/g, '\\left(').replace(/(?<!\\)\)/g, '\\right)'),
  answer.replace(/,\\! ?/g, ''),
  answer.replace(/\\frac(\d)(\d)/g, '\\frac{$1}{$2}'),
  answer.replace(/\\sqrt(\d)/g, '\\sqrt{$1}'),
  answer.replace(simple, '$1/$2'),
  answer.replace(simple, '\\frac{-$1}{-$2}'),
  answer.replace(/^(\d+)\^(\\circ|\{\\circ\})$/, '$1 degrees'),
  answer.replace(/^(\d+)\^(\\circ|\{\\circ\})$/, '$1'),
  answer.replace(/^\\\$ ?/, ''),
  answer.replace(/^(\d+)\\%$/, '\\frac{$1}{100}'),
  answer.replace(/^([\d.]+) ?(\\,)?\\(text|mbox) ?\{[^{}]*\}(\^\d)?$/, '$1'),
  answer.replace(/^[a-z] ?= ?(?=[^=]*$)/, (m) => (/[xyz].*[xyz]/.test(answer) ? m : '')),
  answer.replace(/\\pi/g, 'π'),
  answer.replace(/^(-?\d+)$/, '\\frac{$10}{10}'),
  answer.replace(/^(-?\d+)$/, '$1.0'),
  answer.replace(/^(-?\d+)$/, '$1+\\sqrt{4}-2'),
];

const more = (digits: string) => String(BigInt(digits) + 1n);
/** An answer of MATH changed so that it is wrong; unchanged where a change does not apply. */
const perturbationsOf = (answer: string) => [
  answer.replace(/\d+/, more),
  answer.replace(/\d+(?=\D*$)/, more),
  /^(?!0$)(\d|\\[dt]?frac|\\sqrt)[^,=:]*$/.test(answer) && !/_/.test(answer)
    ? `-${answer}`
    : answer,
  answer.replace(/^-(?!0)/, ''),
  answer.replace(/^([[(])(?=.*[\])]$)/, (bracket) => (bracket === '(' ? '[' : '(')),
  answer.replace(/([)\]])$/, (bracket) => (bracket === ')' ? ']' : ')')),
  answer.replace(/^\d{2,}$/, (digits) => swapLast(digits) ?? digits),
  answer.replace(/\\sqrt/, '\\frac12\\sqrt'),
  answer.replace(/\\pi/, '3.14159'),
  answer.replace(/\\text\{([A-Z])\}/, (_, letter) => (letter === 'A' ? 'B' : 'A')),
  answer.replace(/ \+ (?=[^+]*$)/, ' - '),
  answer.replace(/_\{?(\d+)\}?$/, (_, base) => `_{${Number(base) + 1}}`),
];

describe.skipIf(!present('math/math_test_5000.jsonl'))(
  'MATH (skipped without shared/data/math)',
  () => {
    const solutions = rows('math/math_test_5000.jsonl').map((row) => row['solution'] as string);
    const answers = [...new Set(solutions.map((solution) => extractAnswer(solution) as string))];

    test('every worked solution is accepted against itself', () => {
      expect(solutions.length).toBe(5000);
      expect(solutions.filter((solution) => scoreAnswer(solution, solution) !== 1)).toEqual([]);
    });

    test.skipIf(!present('math/math500.jsonl'))(
      'the 500’s answers are those of their solutions',
      () => {
        const wrong = rows('math/math500.jsonl').filter(
          ({ solution, answer }) => scoreAnswer(solution as string, answer as string) !== 1,
        );
        expect(wrong.map(({ answer }) => answer)).toEqual([]);
      },
    );

    test('every answer is accepted in equal forms', () => {
      const pairs = answers.flatMap((answer) =>
        [...new Set(formsOf(answer))].map((form) => [answer, form] as const),
      );
      expect(pairs.length).toBeGreaterThan(4 * answers.length);
      expect(failures(pairs, true)).toEqual([]);
    });

    test('every perturbed answer is refused', () => {
      const pairs = answers.flatMap((answer) =>
        [...new Set(perturbationsOf(answer))]
          .filter((form) => form !== answer)
          .map((form) => [answer, form] as const),
      );
      expect(pairs.length).toBeGreaterThan(2 * answers.length);
      expect(failures(pairs, false)).toEqual([]);
    });

    test('distinct integers among the answers are never confused', () => {
      const integers = answers.filter((answer) => /^-?\d{1,4}$/.test(answer)).slice(0, 150);
      const pairs = integers.flatMap((a) => integers.map((b) => [a, b] as const));
      expect(pairs.filter(([a, b]) => equalAnswers(a, b) !== (Number(a) === Number(b)))).toEqual(
        [],
      );
    });
  },
);
