import type { Tokenizer } from './tokenizer.ts';

/** Half-open range of UTF-16 positions in a text. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
}

/** Tokens of a text, and which of them lie in its spans. */
export interface MarkedTokens {
  readonly tokens: readonly number[];
  /** 1 = the token overlaps a span. Same length as `tokens`. */
  readonly spanMask: readonly (0 | 1)[];
}

/** Byte position after each token, or undefined where the tokens do not spell the text byte for byte. */
function tokenEnds(tokenizer: Tokenizer, text: string, tokens: readonly number[]) {
  const { tokenBytes } = tokenizer;
  if (!tokenBytes) return undefined;
  const pieces = tokens.map(tokenBytes);
  if (Buffer.compare(Buffer.concat(pieces), Buffer.from(text, 'utf8')) !== 0) return undefined;
  let end = 0;
  return pieces.map(({ length }) => {
    end += length;
    return end;
  });
}

function markByBytes(text: string, ends: readonly number[], spans: readonly TextSpan[]) {
  const byteSpans = spans.map(({ start, end }) => {
    const startByte = Buffer.byteLength(text.slice(0, start));
    return { start: startByte, end: startByte + Buffer.byteLength(text.slice(start, end)) };
  });
  let next = 0;
  return ends.map((end, index): 0 | 1 => {
    const start = index === 0 ? 0 : ends[index - 1]!;
    while (next < byteSpans.length && byteSpans[next]!.end <= start) next += 1;
    const span = byteSpans[next];
    return span !== undefined && start < span.end && end > span.start ? 1 : 0;
  });
}

/**
 * Encodes a text and marks the tokens that overlap the spans (ascending, disjoint). A byte-level tokenizer encodes the
 * whole text at once; any other encodes span by span, since its tokens cannot be placed in the text.
 */
export function encodeSpans(
  tokenizer: Tokenizer,
  text: string,
  spans: readonly TextSpan[],
): MarkedTokens {
  const whole = tokenizer.encode(text);
  const ends = tokenEnds(tokenizer, text, whole);
  if (ends) return { tokens: whole, spanMask: markByBytes(text, ends, spans) };

  const tokens: number[] = [];
  const spanMask: (0 | 1)[] = [];
  const append = (start: number, end: number, mark: 0 | 1) => {
    for (const token of tokenizer.encode(text.slice(start, end))) {
      tokens.push(token);
      spanMask.push(mark);
    }
  };
  let position = 0;
  for (const { start, end } of spans) {
    append(position, start, 0);
    append(start, end, 1);
    position = end;
  }
  append(position, text.length, 0);
  return { tokens, spanMask };
}
