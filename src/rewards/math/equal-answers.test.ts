import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { equalAnswers } from './equal-answers.ts';

/** Each line: forms that are all equal to the first and to each other. */
const EQUAL: Readonly<Record<string, readonly (readonly string[])[]>> = {
  numbers: [
    ['0.5', '1/2', '\\frac12', '\\frac{1}{2}', '\\dfrac{1}{2}', '.5', '0.50', '\\frac 1 2', '5e-1'],
    ['1000', '1,000', '1,\\!000', '1{,}000', '1000.00', '10^3', '1e3', '1 \\times 10^{3}', '+1000'],
    ['3/2', '1\\frac{1}{2}', '1 1/2', '1.5', '\\frac{6}{4}', '1\\frac12'],
    ['-3/2', '-1\\frac{1}{2}', '\\frac{-3}{2}', '\\frac{3}{-2}', '-1.5', '−1.5'],
    ['1/3', '0.\\overline{3}', '\\frac13'],
    ['1/6', '0.1\\overline{6}'],
    ['0.0000672', '6.72\\cdot 10^{-5}', '.0000672', '6.72e-5'],
    ['3 million', '3,000,000', '3000000'],
    ['120', '5!', '5 \\cdot 4 \\cdot 3 \\cdot 2'],
    ['\\frac{1}{2004!}', '\\frac{2005}{2005!}'],
    ['2^{2005}', '2\\cdot 2^{2004}', '4^{1002} \\cdot 2'],
  ],
  'notation that means nothing': [
    ['42', '$42$', '\\(42\\)', ' 42 ', '42.', '**42**', '\\boxed{42}', '\\text{42}', '\\,42'],
    ['(3,\\pi)', '\\left(3, \\pi\\right)', '( 3 , π )', '\\left( 3,\\; \\pi \\right).'],
  ],
  'roots, π, e, i': [
    ['2\\sqrt{3}', '\\sqrt{12}', '2 \\sqrt3', '\\frac{6}{\\sqrt{3}}', '2√3', 'sqrt(12)'],
    ['\\frac{\\sqrt2}{2}', '\\frac{1}{\\sqrt{2}}', '\\sqrt{\\frac12}', '2^{-1/2}'],
    ['1+\\sqrt{2}', '\\sqrt{2}+1', '\\frac{1}{\\sqrt{2}-1}', '\\sqrt{3+2\\sqrt{2}}'],
    ['2\\pi + 4', '4+2π', '2(\\pi+2)'],
    ['6-5i', '-5i+6', '\\frac{(6-5i)^2}{6-5i}'],
    ['2i', '\\sqrt{-4}', '-\\frac{2}{i}'],
    ['3', '\\sqrt[3]{27}', '\\log_2 8', '|-3|'],
    ['\\frac12', '\\cos 60^\\circ', '\\sin\\frac{\\pi}{6}'],
  ],
  formulas: [
    ['x^2+2x+1', '(x+1)^2', 'x(x+2)+1', 'x² + 2x + 1'],
    ['\\frac{2a+b}{2}', 'a + \\frac b2', 'a+0.5b'],
    ['x+1', '\\frac{x^2-1}{x-1}'],
    ['\\cot x', '\\frac{\\cos x}{\\sin x}', '\\frac{1}{\\tan x}'],
    ['2^{n+1}', '2\\cdot 2^n'],
    ['36x\\sqrt{35x}', '36\\sqrt{35} x^{3/2}'],
    ['p-q', '-(q-p)'],
  ],
  'several values': [
    ['3, 5', '5,3', '3 and 5', '5 or 3', '\\{3,5\\}', '3\\text{ and }5', '4 \\pm 1'],
    ['1 \\pm \\sqrt{19}', '1-\\sqrt{19}, 1+\\sqrt{19}'],
    ['\\{1\\pm\\sqrt{5},-2\\}', '-2, 1-\\sqrt5, 1+\\sqrt5'],
    ['(0,9) \\cup (9,36)', '(9,36)\\cup(0,9)'],
    ['[-2,7]', 'x \\in [-2,7]', '-2 \\le x \\le 7', '7 ≥ x ≥ -2'],
    ['(3,\\infty)', 'x > 3', '3 < x', '(3, ∞)'],
    ['1:2', '2:4', '0.5 : 1'],
    ['\\begin{pmatrix} 1 \\\\ 1/2 \\end{pmatrix}', '\\begin{bmatrix}1\\\\0.5\\end{bmatrix}'],
  ],
  equations: [
    ['x=5', '5', 'x = 10/2'],
    ['y=2x+3', '2x-y+3=0', '4x-2y=-6', 'y = 3 + 2x'],
  ],
  words: [
    ['\\text{Evelyn}', 'Evelyn', 'evelyn'],
    ['(C)', 'C', '\\text{(C)}', '\\text{C}'],
    ['\\text{4:30 p.m.}', '4:30 pm', '4:30 PM'],
    ['\\text{A,C,F}', 'F, C, A'],
  ],
};

describe('equal', () => {
  test.each(Object.entries(EQUAL))('%s', (_, classes) => {
    for (const forms of classes) {
      for (const a of forms)
        for (const b of forms) expect([a, b, equalAnswers(a, b)]).toEqual([a, b, true]);
    }
  });
});

/** Each line: a reference, answers it accepts, answers it refuses. Where units are, equality is not transitive. */
const UNITS: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  [
    '50\\%',
    ['50%', '50', '0.5', '\\frac12', '50 percent', '50\\text{ percent}'],
    ['5%', '0.5%', '500%', '50 cm'],
  ],
  ['50', ['50', '50.0'], ['50%', '0.5']],
  ['0.5', ['50%', '1/2'], ['50', '0.5%']],
  [
    '18',
    ['\\$18', '$18', '18 dollars', '\\$18.00', '18 eggs', '18\\text{ children tickets}'],
    ['18 million', '18%', '\\$1.8'],
  ],
  ['5.4\\text{ cents}', ['5.4', '5.4 cents'], ['\\$5.4', '5.4 dollars']],
  [
    '15\\mbox{ cm}^2',
    ['15', '15 square centimeters', '15\\text{ cm}^2', '15 cm^2'],
    ['15 cm', '15 m^2', '15 cm^3'],
  ],
  ['90^\\circ', ['90', '90°', '90 degrees', '\\frac{\\pi}{2}'], ['9', '90%', '\\pi']],
  ['\\cos 13^\\circ', ['\\cos 13°', '\\sin 77^\\circ'], ['\\cos 13', '13']],
  ['52_8', ['52_{8}', '52'], ['42', '52_7', '53_8']],
  ['70,110', ['70110', '70, 110', '110, 70'], ['70', '70,111']],
];

test.each(UNITS)('%s', (reference, accepted, refused) => {
  for (const answer of accepted)
    expect([answer, equalAnswers(reference, answer)]).toEqual([answer, true]);
  for (const answer of refused)
    expect([answer, equalAnswers(reference, answer)]).toEqual([answer, false]);
});

const DIFFERENT: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  'approximations of an exact value': [
    ['1/3', '0.333'],
    ['1/3', '0.3333333333333333'],
    ['\\sqrt2', '1.41421356237'],
    ['\\pi', '3.14159265358979'],
    ['0.1', '0.1000000001'],
    ['10^{12}+\\sqrt{2+\\sqrt2}', '10^{12}+1+\\sqrt{2+\\sqrt2}'],
    ['2^{2005}', '2^{2005}+1'],
  ],
  'more than one answer for one': [
    ['3', '3 or 4'],
    ['3', '3, 4'],
    ['4', '3 and 4'],
    ['6', 'x=5 or x=6'],
    ['3,4', '3'],
    ['2 eggs', '2 or 3 eggs'],
    ['18', '18 or 19'],
    ['18', '\\$18 \\text{ or } \\$19'],
    ['3', '3 \\pm 1'],
    ['3', '\\boxed{3} or \\boxed{4}'],
  ],
  'words that change what is said': [
    ['18', 'not 18'],
    ['18', '18 is wrong'],
    ['18', '18 + 1'],
    ['1/2', '1/2 dozen'],
    ['5', '5 squared'],
    ['4', '2+2=4'],
  ],
  'brackets and order': [
    ['(3,4]', '(3,4)'],
    ['[3,4)', '(3,4]'],
    ['(3,4)', '3,4'],
    ['(3,4)', '(4,3)'],
    ['(1,2,3)', '(1,2)'],
    ['x \\ge 3', 'x > 3'],
    ['x > 3', 'x < 3'],
    ['1:2', '2:1'],
    ['(10,100)', '10100'],
    ['8112', '8, 112'],
    ['\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}', '\\begin{pmatrix} 2 \\\\ 1 \\end{pmatrix}'],
    ['\\begin{pmatrix} 1 & 2 \\end{pmatrix}', '\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}'],
  ],
  'formulas that agree in places': [
    ['|x|', 'x'],
    ['\\sqrt{x^2}', 'x'],
    ['x', 'X'],
    ['x^2', 'x^3'],
    ['\\cos x', '\\sin x'],
    ['x=5', 'y=5'],
    ['15', '15x'],
    ['y=2x+3', 'y=2x+4'],
    ['\\frac{11}{2}', '\\frac{1}{12}'],
    ['12', '1 2'],
  ],
  'what is no number': [
    ['5', 'NaN'],
    ['NaN', '0'],
    ['5', 'Infinity'],
    ['1', '1^{\\infty}'],
    ['0', '\\infty-\\infty'],
    ['\\frac10', '\\frac20'],
    ['0', ''],
    ['', '0'],
    ['7', '{7'],
    ['7', '7}'],
    ['7', '(7'],
  ],
  'digits that are not ASCII': [
    ['12', '１２'],
    ['12', '١٢'],
    ['12', '𝟏𝟐'],
    ['12', '¹²'],
  ],
  words: [
    ['\\text{even}', '\\text{odd}'],
    ['\\text{1:03 PM}', '1:04 PM'],
    ['\\text{1:03 PM}', '2:06 PM'],
    ['(C)', '(D)'],
  ],
};

describe('different', () => {
  test.each(Object.entries(DIFFERENT))('%s', (_, pairs) => {
    for (const [a, b] of pairs) expect([a, b, equalAnswers(a, b)]).toEqual([a, b, false]);
  });
});

describe('for all rationals', () => {
  const whole = fc.integer({ min: -9999, max: 9999 });
  const positive = fc.integer({ min: 1, max: 999 });
  const write = (n: number, d: number) =>
    fc.constantFrom(
      `${n}/${d}`,
      `\\frac{${n}}{${d}}`,
      `$\\dfrac{${3 * n}}{${3 * d}}$`,
      `(${n}) \\div ${d}`,
    );

  test('two ways to write n/d are equal, and n/d is m/e exactly when n·e = m·d', () => {
    const pair = fc
      .tuple(whole, positive, whole, positive)
      .chain(([n, d, m, e]) =>
        fc.tuple(fc.constant([n, d, m, e] as const), write(n, d), write(n, d), write(m, e)),
      );
    fc.assert(
      fc.property(pair, ([[n, d, m, e], a, b, c]) => {
        expect(equalAnswers(a, b)).toBe(true);
        expect(equalAnswers(a, c)).toBe(n * e === m * d);
      }),
    );
  });

  test('a + b√p has one value however it is written, and no other', () => {
    fc.assert(
      fc.property(whole, positive, fc.constantFrom(2, 3, 5, 7), positive, (a, b, p, c) => {
        const written = `${a}+${b}\\sqrt{${p}}`;
        expect(equalAnswers(written, `\\sqrt{${p * b * b}} + ${a}`)).toBe(true);
        expect(equalAnswers(written, `\\frac{${p * b * c}}{${c}\\sqrt{${p}}} - (${-a})`)).toBe(
          true,
        );
        expect(equalAnswers(written, `${a}+${b + 1}\\sqrt{${p}}`)).toBe(false);
        expect(equalAnswers(written, `${a + 1}+${b}\\sqrt{${p}}`)).toBe(false);
      }),
    );
  });
});

test('any text is equal to itself, and no pair of texts makes it throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      expect(equalAnswers(text, text)).toBe(true);
    }),
  );
  const piece = fc.constantFrom(
    ...'0123456789+-*/^(){}[]|,.!_=<>:% xyie',
    '\\frac',
    '\\sqrt',
    '\\pm',
    '\\pi',
    '\\text{',
    '\\cup',
    '\\infty',
    '\\begin{pmatrix}',
    '\\\\',
    '&',
    '\\end{pmatrix}',
    '^\\circ',
    '\\$',
    ' and ',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.array(piece, { maxLength: 30 }), (a, b) => {
      expect(typeof equalAnswers(a.join(''), b.join(''))).toBe('boolean');
    }),
    { numRuns: 300 },
  );
});
