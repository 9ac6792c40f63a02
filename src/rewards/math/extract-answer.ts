interface Span {
  readonly start: number;
  readonly end: number;
  readonly content: string;
}

const BOXES = ['\\boxed', '\\fbox'];
const HASHES = '####';
const OPEN = '<answer>';
const CLOSE = '</answer>';

/**
 * The final answer of a text: what stands after the last `####` on its line, in the last `\boxed{}`, or between the
 * last `<answer>` tags, whichever marker comes last. `null` where there is none.
 * - A box inside a `####` line or `<answer>` is what counts there; of several boxes in one, the whole line counts,
 *   so that listing candidates is no answer.
 * - An unclosed box is a cut-off answer: none. An unclosed `<answer>` runs to the end (`</answer>` may have been the
 *   stop string).
 * - Time is linear in the length of the text.
 */
export function extractAnswer(text: string): string | null {
  const boxStart = Math.max(...BOXES.map((box) => text.lastIndexOf(box)));
  const outer = outerSpan(text);
  if (boxStart < 0 && outer === undefined) return null;
  if (outer === undefined || boxStart > outer.end) return nonEmpty(readBox(text, boxStart));
  if (boxStart < outer.start) return nonEmpty(outer.content);
  const firstInside = Math.min(
    ...BOXES.map((box) => text.indexOf(box, outer.start)).filter(isFound),
  );
  return nonEmpty(firstInside === boxStart ? readBox(text, boxStart) : outer.content);
}

const isFound = (position: number) => position >= 0;

function outerSpan(text: string): Span | undefined {
  const hashes = text.lastIndexOf(HASHES);
  const tag = text.lastIndexOf(OPEN);
  if (hashes < 0 && tag < 0) return undefined;
  if (hashes > tag) return spanUntil(text, hashes + HASHES.length, '\n');
  return spanUntil(text, tag + OPEN.length, CLOSE);
}

function spanUntil(text: string, start: number, closer: string): Span {
  const found = text.indexOf(closer, start);
  const end = found < 0 ? text.length : found;
  return { start, end, content: text.slice(start, end) };
}

/** The braces' content, nested ones included, or TeX's single token where there are no braces. */
function readBox(text: string, boxStart: number): string | null {
  const name = BOXES.find((box) => text.startsWith(box, boxStart)) as string;
  let open = boxStart + name.length;
  while (text[open] === ' ') open += 1;
  if (text[open] !== '{') return /^\d+|^[a-zA-Z]/.exec(text.slice(open, open + 100))?.[0] ?? null;
  let depth = 0;
  for (const { 0: token, index } of text.slice(open).matchAll(/\\.|[{}]/gs)) {
    if (token === '{') depth += 1;
    else if (token === '}') depth -= 1;
    if (depth === 0) return text.slice(open + 1, open + index);
  }
  return null;
}

function nonEmpty(content: string | null): string | null {
  const trimmed = content?.trim();
  return trimmed ? trimmed : null;
}
