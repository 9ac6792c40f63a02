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

/** Marks by comparing the whole text's tokens with those of the text up to each border. */
function markByPrefixes(
  tokenizer: Tokenizer,
  text: string,
  tokens: readonly number[],
  spans: readonly TextSpan[],
) {
  const border = (position: number) => {
    const prefix = tokenizer.encode(text.slice(0, position));
    const differs = prefix.findIndex((token, index) => token !== tokens[index]);
    return differs === -1
      ? { first: prefix.length, end: prefix.length }
      : { first: differs, end: differs + 1 };
  };
  const mask = new Array<0 | 1>(tokens.length).fill(0);
  for (const { start, end } of spans) mask.fill(1, border(start).first, border(end).end);
  return mask;
}

/**
 * Encodes a text and marks the tokens that overlap the spans (ascending, disjoint). Places come from the tokens' bytes;
 * where those do not spell the text (sentence pieces, normalisation), from encoding it up to each border, which is exact
 * when no token reaches over one.
 */
export function encodeSpans(
  tokenizer: Tokenizer,
  text: string,
  spans: readonly TextSpan[],
): MarkedTokens {
  const tokens = tokenizer.encode(text);
  const ends = tokenEnds(tokenizer, text, tokens);
  const spanMask = ends
    ? markByBytes(text, ends, spans)
    : markByPrefixes(tokenizer, text, tokens, spans);
  return { tokens, spanMask };
}
