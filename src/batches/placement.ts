import type { Segments } from '../models/index.ts';
import { fromTypedArray, type Tensor } from '../tensor/index.ts';
import { type Continuation, familiesFor, type PromptLayout } from './families.ts';
import { packed, padded, type RowLayout } from './row-layout.ts';

/** The largest of some counts, at least 1. */
export const longest = (lengths: readonly number[]): number =>
  lengths.reduce((most, length) => Math.max(most, length), 1);

/** Tokens that stand together, and see one another as a text does. */
export interface Piece {
  /** Place of the first in the flattened rows. */
  readonly start: number;
  readonly tokens: readonly number[];
  /** What stands before them in their text, elsewhere in the row. */
  readonly prefix?: Piece;
}

/** Where the texts of a batch stand. */
export interface Placement {
  /** What each row holds, in order. */
  readonly rows: readonly (readonly Piece[])[];
  /** T */
  readonly length: number;
  /** The last piece of each text: all of it, or what follows a shared prompt. */
  readonly texts: readonly Piece[];
}

/** Which texts share rows, and which share prompts. */
export interface PlacementOptions {
  readonly layout?: RowLayout | undefined;
  readonly prompts?: PromptLayout | undefined;
}

/** Where token t of a text stands in the flattened rows. */
export function placeOf({ start, prefix }: Piece, t: number): number {
  const before = prefix?.tokens.length ?? 0;
  return t < before ? prefix!.start + t : start + t - before;
}

const lengthOf = ({ tokens, prefix }: Piece): number =>
  tokens.length + (prefix?.tokens.length ?? 0);

/** The pieces of texts that continue one prompt, from a place on: it, and what follows it in each. */
function piecesOf(
  family: readonly Continuation[],
  start: number,
): { all: Piece[]; texts: Piece[] } {
  const [first] = family as [Continuation];
  if (family.length === 1) {
    const whole = { start, tokens: first.tokens };
    return { all: [whole], texts: [whole] };
  }
  const prefix = { start, tokens: first.tokens.slice(0, first.promptLength) };
  let next = start + first.promptLength;
  const texts = family.map(({ tokens, promptLength }) => {
    const piece = { start: next, tokens: tokens.slice(promptLength), prefix };
    next += piece.tokens.length;
    return piece;
  });
  return { all: [prefix, ...texts], texts };
}

/** Tokens of texts that continue one prompt, which is counted once. */
function familyLength(family: readonly Continuation[]): number {
  const { promptLength } = family[0]!;
  return family.reduce((sum, { tokens }) => sum + tokens.length - promptLength, promptLength);
}

/**
 * Places texts one behind the other in the rows that the layout gives them. Where texts share prompts and no layout is
 * given, rows are packed: they are divided anyway.
 */
export function place(
  texts: readonly Continuation[],
  { layout, prompts = 'own' }: PlacementOptions,
): Placement {
  const families = familiesFor(texts, prompts);
  const isShared = families.length < texts.length;
  const members = families.map((family) => family.map((item) => texts[item]!));
  const lengths = members.map(familyLength);
  const items = (layout ?? (isShared ? packed() : padded))(lengths);
  const length = longest(items.map((row) => row.reduce((sum, item) => sum + lengths[item]!, 0)));
  const found = Array<Piece>(texts.length);
  const rows = items.map((row, index) => {
    let next = index * length;
    return row.flatMap((item) => {
      const pieces = piecesOf(members[item]!, next);
      next += lengths[item]!;
      for (const [i, member] of families[item]!.entries()) found[member] = pieces.texts[i]!;
      return pieces.all;
    });
  });
  return { rows, length, texts: found };
}

/** The rows' tokens. [R, T] */
export function padTokens({ rows, length }: Placement, padTokenId: number): Tensor {
  const ids = new BigInt64Array(rows.length * length).fill(BigInt(padTokenId));
  for (const { start, tokens } of rows.flat()) {
    for (const [position, token] of tokens.entries()) ids[start + position] = BigInt(token);
  }
  return fromTypedArray(ids, [rows.length, length]);
}

/** For each place of a row, where its piece begins and ends; and the range of its prefix, empty where it has none. */
function dividers({ rows, length }: Placement) {
  const starts = new Int32Array(rows.length * length);
  const ends = new Int32Array(rows.length * length).fill(length);
  const prefixes = new Int32Array(rows.length * length * 2);
  for (const [index, row] of rows.entries()) {
    const first = index * length;
    let end = 0;
    for (const { start: place, tokens, prefix } of row) {
      const start = place - first;
      end = start + tokens.length;
      starts.fill(start, first + start, first + end);
      ends.fill(end, first + start, first + end);
      if (prefix === undefined) continue;
      const begin = prefix.start - first;
      for (let t = place; t < first + end; t++)
        prefixes.set([begin, begin + prefix.tokens.length], 2 * t);
    }
    starts.fill(end, first + end, first + length);
  }
  return { starts, ends, prefixes };
}

const move = (places: Int32Array, shape: readonly number[], device: string): Tensor =>
  fromTypedArray(places, shape, { dtype: 'int32' }).to({ device });

/** Where the tokens of rows that share prompts stand in rows of one text each, and back. */
function copiesOf({ rows, length, texts }: Placement, device: string): Segments['copies'] {
  const width = longest(texts.map(lengthOf));
  const sources = new Int32Array(texts.length * width);
  const places = new Int32Array(rows.length * length);
  for (const [item, text] of texts.entries()) {
    const total = lengthOf(text);
    for (let t = 0; t < width; t++) {
      const copy = item * width + t;
      const source = placeOf(text, Math.min(t, Math.max(0, total - 1)));
      sources[copy] = source;
      if (t < total) places[source] = copy;
    }
  }
  return {
    sources: move(sources, [texts.length, width], device),
    places: move(places, [rows.length, length], device),
  };
}

/** What divides the rows, where any holds several pieces; padding counts as one more. */
export function segmentsOf(placement: Placement, device: string): Segments | undefined {
  const { rows, length } = placement;
  if (rows.every((row) => row.length <= 1)) return undefined;
  const { starts, ends, prefixes } = dividers(placement);
  const shape = [rows.length, length];
  const divided = { starts: move(starts, shape, device), ends: move(ends, shape, device) };
  if (placement.texts.every(({ prefix }) => prefix === undefined)) return divided;
  return {
    ...divided,
    prefixes: move(prefixes, [...shape, 2], device),
    copies: copiesOf(placement, device),
  };
}
