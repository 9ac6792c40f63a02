import type { Answer } from './answer.ts';
import { plainText } from './clean-latex.ts';
import { binary, type Expression, integer } from './expression.ts';
import { parseExpression } from './parse-expression.ts';
import { parseInequality } from './parse-inequality.ts';
import { bracketedWhole, splitTopLevel } from './split.ts';
import { isPlainUnitWord, readUnit, type Unit } from './units.ts';
import { NotComparable } from './work.ts';

const LIST_SEPARATOR =
  /,|;|\\(?:text|mbox|textrm) ?\{ *,? ?(?:and|or) *\}|\\(?:and|or)(?![a-zA-Z])|(?<![a-zA-Z\\])(?:and|or)(?![a-zA-Z])/y;
const TEXT_COMMAND = '\\\\(?:text|mbox|textbf|textit|textrm|mathrm|mathbf)';
const WHOLE_TEXT = new RegExp(`^${TEXT_COMMAND} ?\\{([^{}]*)\\}$`);
const TRAILING_TEXT = new RegExp(
  `^(.*?) ?${TEXT_COMMAND} ?\\{([^{}]*)\\} ?(?:\\^ ?(?:\\{ ?(\\d) ?\\}|(\\d)))?$`,
);
const TRAILING_WORDS = /^(.*?[\d)}]) ?([a-zA-Z][a-zA-Z. /-]*)(?:\^ ?(?:\{ ?(\d) ?\}|(\d)))?$/;
const MATRIX = /^\\begin ?\{([pbvBV]?)matrix\}(.*)\\end ?\{\1matrix\}$/;
const MAX_ITEMS = 40;
const MAX_NESTING = 8;

/** Reads a cleaned answer. Never throws: what is no mathematics is text. */
export function parseAnswer(cleaned: string): Answer {
  try {
    return parse(cleaned, MAX_NESTING);
  } catch (error) {
    if (error instanceof NotComparable || error instanceof RangeError) return asText(cleaned);
    throw error;
  }
}

function asText(text: string): Answer {
  return { kind: 'text', text: plainText(text) };
}

function parse(text: string, nesting: number): Answer {
  if (nesting === 0) throw new NotComparable('nested too deep');
  if (text === '') throw new NotComparable('nothing');
  const inner = (part: string) => parse(part, nesting - 1);
  return (
    parseText(text, inner) ??
    parseMembership(text, inner) ??
    parseUnion(text, inner) ??
    parseList(text, inner) ??
    parseMatrix(text, inner) ??
    parseBrackets(text, inner) ??
    parseBased(text) ??
    parseInequality(text, inner) ??
    parseEquation(text, inner) ??
    parseRatio(text) ??
    parseQuantity(text)
  );
}

type Inner = (text: string) => Answer;

/** Words, choices and clock times; a number in \text{} is a number. */
function parseText(text: string, inner: Inner): Answer | undefined {
  const wrapped = WHOLE_TEXT.exec(text)?.[1]?.trim();
  if (wrapped !== undefined && /\d/.test(wrapped)) return inner(wrapped);
  if (wrapped !== undefined && !/[,;]/.test(wrapped)) return asText(wrapped);
  if (wrapped !== undefined) return inner(wrapped);
  if (/^\(? ?\\text ?\{ ?[a-zA-Z] ?\} ?\)?$/.test(text) || /^\(?[A-Z]\)?$/.test(text)) {
    return asText(text.replace(/[() ]/g, ''));
  }
  if (/^\d{1,2}:\d{2}(?: ?[ap]\.?m\.?)?$/i.test(text) && /m/i.test(text)) return asText(text);
  if (/^[a-zA-Z][a-zA-Z .'-]+$/.test(text) && !/^(?:pi|[a-z] ?[+-] ?[a-z])$/.test(text)) {
    return / (?:and|or) /.test(text) ? undefined : asText(text);
  }
  return undefined;
}

/** x ∈ S is S. */
function parseMembership(text: string, inner: Inner): Answer | undefined {
  const set = /^[a-zA-Z] ?\\in(?![a-zA-Z]) ?(.+)$/.exec(text)?.[1];
  return set === undefined ? undefined : inner(set);
}

function parseUnion(text: string, inner: Inner): Answer | undefined {
  const parts = splitTopLevel(text, /\\cup(?![a-zA-Z])/y);
  return parts.length > 1 ? { kind: 'union', items: parts.map(inner) } : undefined;
}

function parseList(text: string, inner: Inner): Answer | undefined {
  const parts = splitTopLevel(text, LIST_SEPARATOR).filter((part) => part !== '');
  if (parts.length < 2) return undefined;
  if (parts.length > MAX_ITEMS) throw new NotComparable('too long a list');
  return { kind: 'list', items: parts.map(inner) };
}

function parseMatrix(text: string, inner: Inner): Answer | undefined {
  const body = MATRIX.exec(text)?.[2];
  if (body === undefined) return undefined;
  const rows = splitTopLevel(body, /\\\\/y).filter((row) => row !== '');
  return { kind: 'matrix', rows: rows.map((row) => splitTopLevel(row, /&/y).map(inner)) };
}

function parseBrackets(text: string, inner: Inner): Answer | undefined {
  const whole = bracketedWhole(text);
  if (!whole) return undefined;
  const { open, close, inside } = whole;
  if (open === '{' && close === '}') return inner(inside.trim());
  const parts = splitTopLevel(inside, /[,;]/y);
  if (open === '\\{' && close === '\\}') {
    return { kind: 'list', items: inside.trim() === '' ? [] : parts.map(inner) };
  }
  if (parts.length > MAX_ITEMS) throw new NotComparable('too long a tuple');
  return parts.length < 2 ? undefined : { kind: 'sequence', open, close, items: parts.map(inner) };
}

function parseBased(text: string): Answer | undefined {
  const found = /^(-?[\dA-Z]+(?:\.[\dA-Z]+)?) ?_ ?(?:\{ ?(\d+) ?\}|(\d+))$/.exec(
    text.replace(WRAPPED_DIGITS, '$1'),
  );
  if (!found || !/\d/.test(found[1] as string)) return undefined;
  return { kind: 'based', digits: found[1] as string, base: Number(found[2] ?? found[3]) };
}
const WRAPPED_DIGITS = /\\(?:text|mathrm) ?\{([\dA-Z]+)\}/;

function parseEquation(text: string, inner: Inner): Answer | undefined {
  const sides = splitTopLevel(text, /=/y);
  if (sides.length !== 2 || sides[0] === '' || sides[1] === '') return undefined;
  const [leftText, rightText] = sides as [string, string];
  const variable = /^(?:[a-zA-Z](?:_\{?\w+\}?)?|[a-z]\([a-z]\))$/.exec(leftText)?.[0];
  const value = variable === undefined ? undefined : inner(rightText);
  if (value && value.kind !== 'value') {
    // x = (1, 2) or x = 1 ± √2: only the value can be compared.
    const nothing: Expression = { type: 'name', name: variable as string };
    return {
      kind: 'equation',
      left: nothing,
      right: nothing,
      assigned: { variable: variable as string, value },
    };
  }
  const [left, right] = [parseExpression(leftText), parseExpression(rightText)];
  return variable === undefined
    ? { kind: 'equation', left, right }
    : { kind: 'equation', left, right, assigned: { variable, value: value as Answer } };
}

function parseRatio(text: string): Answer | undefined {
  const parts = splitTopLevel(text, /:/y);
  return parts.length > 1 ? { kind: 'ratio', items: parts.map(parseExpression) } : undefined;
}

/** A formula with its unit; ± makes a list of two. */
function parseQuantity(text: string): Answer {
  const { body, unit } = splitUnit(text);
  const { digits, scale } = splitScale(body);
  const formula = parseExpression(joinThousands(digits));
  const expression = scale === undefined ? formula : binary('*', formula, integer(scale));
  return unit ? { kind: 'value', expression, unit } : { kind: 'value', expression };
}

function splitUnit(text: string): { body: string; unit?: Unit } {
  const dollars = /^(-?) ?\\dollar ?(.+)$/.exec(text);
  if (dollars) {
    const { body } = splitUnit(`${dollars[1]}${dollars[2]}`);
    return { body, unit: { kind: 'other', known: 'dollar' } };
  }
  const percent = /^(.+?) ?\\?%$/.exec(text)?.[1];
  if (percent !== undefined) return { body: percent, unit: { kind: 'percent' } };
  const degree = /^(.+?) ?\^ ?(?:\{ ?\\circ ?\}|\\circ)$/.exec(text)?.[1];
  if (degree !== undefined && isNumeral(degree)) return { body: degree, unit: { kind: 'degree' } };
  return splitWords(text);
}

/** Degrees are a unit after a number, and part of the formula in cos 13°. */
function isNumeral(text: string): boolean {
  return !/\\(?:sin|cos|tan|cot|sec|csc)|sin|cos|tan|[+]/.test(text);
}

function splitWords(text: string): { body: string; unit?: Unit } {
  const wrapped = TRAILING_TEXT.exec(text);
  if (wrapped?.[1]) {
    const unit = readUnit(wrapped[2] as string, wrapped[3] ?? wrapped[4]);
    if (!unit) return { body: text };
    return { body: splitScale(wrapped[1]).scale ? text : wrapped[1], unit };
  }
  const plain = TRAILING_WORDS.exec(text);
  const words = plain?.[2]?.trim();
  if (!plain || !words) return { body: text };
  const spaced = / /.test(text.slice((plain[1] as string).length, (plain[1] as string).length + 1));
  const [first = ''] = words.split(/[ /-]/);
  const scale = SCALES.get(first.toLowerCase());
  if (scale !== undefined) return splitScaledWords(plain[1] as string, first, words);
  if (!(isPlainUnitWord(first) && (spaced || first.length > 3 || first.length === 2))) {
    return { body: text };
  }
  const unit = readUnit(words, plain[3] ?? plain[4]);
  return unit ? { body: plain[1] as string, unit } : { body: text };
}

/** "3 million dollars": the scale stays with the number. */
function splitScaledWords(
  number: string,
  scale: string,
  words: string,
): { body: string; unit?: Unit } {
  const body = `${number} ${scale}`;
  const rest = words.slice(scale.length).trim();
  if (rest === '') return { body };
  const unit = readUnit(rest);
  if (!unit) throw new NotComparable(`"${words}" is no unit`);
  return { body, unit };
}

const SCALES: ReadonlyMap<string, string> = new Map([
  ['hundred', '100'],
  ['thousand', '1000'],
  ['million', '1000000'],
  ['billion', '1000000000'],
  ['trillion', '1000000000000'],
]);

function splitScale(text: string): { digits: string; scale?: string } {
  const found = /^(.*[\d.]) ?([a-z]+)$/i.exec(text);
  const scale = found && SCALES.get((found[2] as string).toLowerCase());
  return scale ? { digits: found[1] as string, scale } : { digits: text };
}

/** Commas between groups of three digits, where a list could not be meant. */
function joinThousands(text: string): string {
  return text.replace(/(?<![\d.])\d{1,3}(?:,\d{3})+(?!\d)/g, (number) => number.replace(/,/g, ''));
}
