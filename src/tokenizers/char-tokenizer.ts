import { ConfigError, DataError } from '../errors.ts';
import { type SymbolTokenizerOptions, symbolTokenizer } from './symbol-tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';

/**
 * A small vocabulary of given characters, for toy tasks: the id of a character is its place in the alphabet, then come
 * the special tokens.
 * @throws DataError from `encode` at a character outside the alphabet. (`transformers` drops such a character silently.)
 */
export function charTokenizer(alphabet: string, options: SymbolTokenizerOptions = {}): Tokenizer {
  const symbols = Array.from(alphabet);
  const ids = new Map(symbols.map((symbol, id) => [symbol, id]));
  const repeated = symbols.find((symbol, index) => ids.get(symbol) !== index);
  if (repeated !== undefined) {
    throw new ConfigError(`charTokenizer: ${JSON.stringify(repeated)} is in the alphabet twice`);
  }
  const bytes = symbols.map((symbol) => new TextEncoder().encode(symbol));
  return symbolTokenizer(
    {
      source: 'charTokenizer',
      symbols,
      encodePlain: (text) => Array.from(text, (character) => idOf(character, text, ids)),
      symbolBytes: (id) => bytes[id]!,
      preTokenizer: null,
      decoder: { type: 'Fuse' },
    },
    options,
  );
}

function idOf(character: string, text: string, ids: ReadonlyMap<string, number>): number {
  const id = ids.get(character);
  if (id !== undefined) return id;
  const codePoint = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
  throw new DataError(
    `charTokenizer: ${JSON.stringify(character)} (U+${codePoint}) in ${JSON.stringify(text.slice(0, 80))} is not in ` +
      `the alphabet ${JSON.stringify([...ids.keys()].join(''))}; add it there, or use byteTokenizer`,
  );
}
