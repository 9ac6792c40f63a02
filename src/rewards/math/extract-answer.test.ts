import { expect, test } from 'vitest';
import { extractAnswer } from './extract-answer.ts';

test.each([
  ['72 clips\n#### 72', '72'],
  ['#### 1,234 \nThanks', '1,234'],
  ['so $x=\\boxed{\\frac{1}{2}}$.', '\\frac{1}{2}'],
  ['\\boxed{\\text{a\\}b}}', '\\text{a\\}b}'],
  ['\\boxed {7}', '7'],
  ['\\boxed 5 is it', '5'],
  ['\\fbox{7}', '7'],
  ['<answer>\n 42 \n</answer>', '42'],
])('%j → %j', (text, expected) => {
  expect(extractAnswer(text)).toBe(expected);
});

test.each([
  ['several boxes', '\\boxed{3}, no: \\boxed{4}', '4'],
  ['several #### lines', '#### 3\n#### 4', '4'],
  ['a box, then a line', '\\boxed{5}\n#### 6', '6'],
  ['a line, then a box', '#### 6\nso \\boxed{5}', '5'],
  ['a tag after a box', '\\boxed{5} <answer>6</answer>', '6'],
])('the last marker wins: %s', (_, text, expected) => {
  expect(extractAnswer(text)).toBe(expected);
});

test('a box within a line or a tag is what counts there', () => {
  expect(extractAnswer('#### The answer is \\boxed{5}')).toBe('5');
  expect(extractAnswer('<answer>hence \\boxed{5}</answer>')).toBe('5');
});

test('several boxes within one tag are a list of candidates, not an answer to pick from', () => {
  expect(extractAnswer('<answer>\\boxed{3} or \\boxed{4}</answer>')).toBe(
    '\\boxed{3} or \\boxed{4}',
  );
});

test('a cut-off box is no answer, and an earlier one does not take its place', () => {
  expect(extractAnswer('\\boxed{3} … \\boxed{4')).toBe(null);
});

test('an unclosed tag runs to the end, since </answer> may have been the stop string', () => {
  expect(extractAnswer('reasoning <answer>5')).toBe('5');
});

test.each(['', 'the answer is 5', '####', '#### \n5', '<answer></answer>', '\\boxed{}', '\\boxed'])(
  '%j has no answer',
  (text) => {
    expect(extractAnswer(text)).toBe(null);
  },
);
