import { bracketedWhole } from './split.ts';

const SYMBOLS: readonly (readonly [RegExp, string])[] = [
  [/[−–—]/g, '-'],
  [/×/g, '\\times '],
  [/[·⋅∙]/g, '\\cdot '],
  [/÷/g, '/'],
  [/π/g, '\\pi '],
  [/√/g, '\\sqrt '],
  [/∞/g, '\\infty '],
  [/°/g, '^\\circ '],
  [/±/g, '\\pm '],
  [/∓/g, '\\mp '],
  [/∪/g, '\\cup '],
  [/∈/g, '\\in '],
  [/≤/g, '\\le '],
  [/≥/g, '\\ge '],
  [/£|€/g, ''],
  [/\s|\u00a0|[\u2000-\u200a\u202f]/g, ' '],
];
const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

const LATEX: readonly (readonly [RegExp, string])[] = [
  // 10{,}000 and 10,\!000 can only be thousands.
  [/(\d)(?:\{,\}|,\\! ?)(?=\d{3}(?!\d))/g, '$1'],
  [/\\(?:left|right|[bB]igg?[lr]?)(?=[^a-zA-Z])\.?/g, ''],
  [/\\(?:displaystyle|textstyle|limits)(?![a-zA-Z])/g, ''],
  [/\\[dtc]frac(?![a-zA-Z])/g, '\\frac'],
  [/\\(?:leq|leqslant)(?![a-zA-Z])/g, '\\le'],
  [/\\(?:geq|geqslant)(?![a-zA-Z])/g, '\\ge'],
  [/\\(?:lvert|rvert|vert)(?![a-zA-Z])/g, '|'],
  [/(?<!\\)\\!/g, ''],
  [/\\(?:quad|qquad)(?![a-zA-Z])|(?<!\\)\\[,;: ]|~/g, ' '],
  [/(?<!\\)\\[()[\]]/g, ' '],
  [/\\degree(?![a-zA-Z])/g, '^\\circ'],
  [/(^|[^\\])\$/g, '$1'],
  [/(^|[^\\])\$/g, '$1'],
  [/\\\$/g, '\\dollar '],
];

/**
 * Brings an answer's notation to one form: plain and Unicode signs as LaTeX commands, delimiters, sizes and thin
 * spaces gone, thousands that are marked as such joined, white space single, closing punctuation dropped.
 * Digits other than ASCII's stay as they are, and are no numbers.
 */
export function cleanLatex(text: string): string {
  let cleaned = text.replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹]+/g, (run) => `^{${fromSuperscripts(run)}}`);
  for (const [pattern, replacement] of [...SYMBOLS, ...LATEX]) {
    cleaned = cleaned.replace(pattern, replacement);
  }
  cleaned = unwrapBoxes(cleaned).replace(/ {2,}/g, ' ').trim();
  if (cleaned.startsWith('**') && cleaned.endsWith('**')) cleaned = cleaned.slice(2, -2).trim();
  return dropClosingPunctuation(cleaned);
}

function fromSuperscripts(run: string): string {
  return [...run].map((character) => SUPERSCRIPTS.indexOf(character)).join('');
}

/** A box around everything goes with its braces, a box inside leaves a group. */
function unwrapBoxes(text: string): string {
  const inside = text.replace(/\\(?:boxed|fbox) ?(?=\{)/g, '').trim();
  const whole = inside.length < text.trim().length ? bracketedWhole(inside) : undefined;
  return whole?.open === '{' ? whole.inside : inside;
}

function dropClosingPunctuation(text: string): string {
  let end = text.length;
  while (end > 0 && '.,;: '.includes(text[end - 1] as string)) end -= 1;
  return text[end - 1] === '\\'
    ? dropClosingPunctuation(text.slice(0, end - 1))
    : text.slice(0, end);
}

const WRAPPER =
  /\\(?:text|mbox|textbf|textit|textrm|mathrm|mathbf|operatorname)(?![a-zA-Z]) ?\{([^{}]*)\}/g;

/**
 * An answer without text wrappers, and without the spaces that separate nothing. Two answers with one such form are
 * one answer, formula or not; braces and case are kept, since \frac{11}{2} is not \frac{1}{12} and x is not X.
 */
export function withoutWrappers(cleaned: string): string {
  return cleaned
    .replace(WRAPPER, '$1')
    .trim()
    .replace(/(?<![a-zA-Z\d]) +| +(?![a-zA-Z\d])/g, '');
}

/** Words as they compare: lower case, without spaces, closing dots and a choice's brackets. */
export function plainText(cleaned: string): string {
  return withoutWrappers(cleaned)
    .replace(/(?<=[a-zA-Z])\./g, '')
    .replace(/(?<!\d) +| +(?!\d)/g, '')
    .replace(/^\(([a-zA-Z])\)$/, '$1')
    .toLowerCase();
}
