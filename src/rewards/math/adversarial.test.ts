import { describe, expect, test } from 'vitest';
import { scoreAnswer } from '../accuracy-reward.ts';
import { equalAnswers } from './equal-answers.ts';

const LIMIT_MS = 50;

/** Processor time, the least of several runs, so that a busy machine does not count against it. */
function leastMs(run: () => unknown): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 10 && least > LIMIT_MS / 4; i++) {
    const started = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(started);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

const nest = (open: string, close: string, times: number) =>
  `${open.repeat(times)}1${close.repeat(times)}`;
const NASTY = [
  '1e999999',
  '1e-999999',
  '9**9**9',
  '9^{9^{9}}',
  '2^{2^{14}}',
  '3^{20000}/7^{20000}',
  '2500!',
  '2500!/2499!',
  '170!'.repeat(100),
  `${'1'.repeat(400)}/${'3'.repeat(100)}`,
  `1/${'7'.repeat(500)}`,
  `\\sqrt{${'9'.repeat(500)}}`,
  '\\sqrt{123456789012345678901234567890}',
  `\\sqrt[64]{${'7'.repeat(490)}}`,
  'x^{999999999999}',
  'i^{999999999999}',
  '\\sqrt2^{99999999999}',
  '0^{-1}',
  '(a+b+c+d+f+g+h)^{200}',
  '(x+y+z+w+1)^{50}',
  '(\\sqrt2+\\sqrt3+\\sqrt5+\\sqrt7+\\sqrt{11}+\\sqrt{13})^{40}',
  `${'\\frac{1}{x+1}+'.repeat(30)}1`,
  `${'\\sqrt{99999999977}+'.repeat(24)}1`,
  `0.\\overline{${'3'.repeat(480)}}`,
  nest('(', ')', 250),
  nest('{', '}', 250),
  nest('\\sqrt{2+', '}', 50),
  nest('\\frac{1}{', '}', 50),
  nest('[', ']', 250),
  '('.repeat(500),
  '{'.repeat(500),
  '|'.repeat(500),
  '$'.repeat(500),
  '\\'.repeat(500),
  '_'.repeat(500),
  '.'.repeat(500),
  `${'-'.repeat(500)}1`,
  `${'\\pm'.repeat(160)}1`,
  `${'\\sqrt'.repeat(100)}2`,
  '\\frac'.repeat(100),
  '\\frac12'.repeat(70),
  `${'\\sin'.repeat(120)}x`,
  '\\cos(\\cos(\\cos(\\cos(x))))'.repeat(18),
  '\\text{'.repeat(80),
  '\\text{and}'.repeat(50),
  `${'1+'.repeat(250)}1`,
  `${'1,'.repeat(250)}1`,
  `${'1,'.repeat(39)}1`,
  '1 '.repeat(250),
  '1.'.repeat(250),
  '1e5'.repeat(160),
  '1<'.repeat(200),
  'x='.repeat(250),
  '\\cup'.repeat(125),
  `${'[1,2]\\cup'.repeat(50)}[3,4]`,
  '1 and '.repeat(80),
  `${' '.repeat(500)}1`,
  'a'.repeat(500),
  'a '.repeat(250),
  '1 a '.repeat(125),
  `5 ${'a '.repeat(250)}`,
  `5 ${'ab'.repeat(250)}`,
  `5 ${'a/b-'.repeat(120)}`,
  `\\begin{pmatrix}${'1&'.repeat(200)}\\end{pmatrix}`,
  'x_{'.repeat(160),
  '1\u202e2',
  '\u0000',
  'NaN',
  '-Infinity',
  '\\infty-\\infty',
  `\\{${'x+1,'.repeat(40)}\\}`,
  '٣'.repeat(400),
  '🙂'.repeat(200),
];

describe.each(['5', 'x^2+1', '1,2,3', '(\\sqrt2+1)^{20}'])(
  'against the reference %s',
  (reference) => {
    test.each(NASTY.map((text) => [text.slice(0, 30), text] as const))(
      '%s… is refused in no time',
      (_, text) => {
        expect(equalAnswers(reference, text)).toBe(false);
        expect(leastMs(() => equalAnswers(reference, text))).toBeLessThan(LIMIT_MS);
        expect(leastMs(() => equalAnswers(`${text} `, `${text}+0`))).toBeLessThan(LIMIT_MS);
      },
    );
  },
);

const long = (piece: string) => piece.repeat(Math.ceil(1e6 / piece.length));

test.each([
  ['\\boxed{', long('\\boxed{'), 0],
  ['####', long('####'), 0],
  ['<answer>', long('<answer>'), 0],
  ['wrong boxes', long('\\boxed{1} '), 0],
  ['right lines', long('#### 5\n'), 1],
  ['boxes in a tag', `<answer>${long('\\boxed{')}</answer>`, 0],
  ['boxes on a line', `####${long('\\boxed5 ')}`, 0],
  ['digits', `#### ${long('9')}`, 0],
  ['brackets', `\\boxed{${long('(')}}`, 0],
  ['braces before a box', `${long('{')}\\boxed{5}`, 1],
  ['spaces', long(' '), 0],
  ['backslashes', long('\\'), 0],
  ['spaces in the box', `\\boxed{5${long(' ')}}`, 1],
  ['dots after the answer', `#### 5${long('.')}`, 0],
] as const)('a megabyte of %s takes no time', (_, text, expected) => {
  expect(scoreAnswer(text, '#### 5')).toBe(expected);
  expect(leastMs(() => scoreAnswer(text, '#### 5'))).toBeLessThan(LIMIT_MS);
});

test('an answer in the reasoning that is not the final one earns nothing', () => {
  expect(scoreAnswer('First I get \\boxed{5}. On reflection \\boxed{6}.', '5')).toBe(0);
  expect(scoreAnswer('#### 5\nWait.\n#### 6', '5')).toBe(0);
  expect(scoreAnswer('The answer is 5, I am sure.', '5')).toBe(0);
  expect(scoreAnswer('<answer>5 or 6</answer>', '5')).toBe(0);
  expect(scoreAnswer('<answer>\\boxed{5} or \\boxed{6}</answer>', '6')).toBe(0);
});
