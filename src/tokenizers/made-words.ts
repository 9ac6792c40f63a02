import { ConfigError } from '../errors.ts';
import { tokenizerFromFiles } from './load-tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';
import { symbolTokenizerFiles, type TokenizerParts } from './tokenizer-files.ts';

const ROLES = { pad_token: '<|pad|>', bos_token: '<|bos|>', eos_token: '<|eos|>' };
const SPECIAL: readonly string[] = Object.values(ROLES);

/** What distinguishes one tokenizer of whole words from another. */
export interface WordParts
  extends Pick<TokenizerParts, 'preTokenizer' | 'decoder' | 'unknownToken'> {
  /** For messages. */
  readonly source: string;
  /** In id order, after `<|pad|>` 0, `<|bos|>` 1 and `<|eos|>` 2. */
  readonly words: readonly string[];
  /** Words to be found anywhere in a text. */
  readonly findsAnywhere?: boolean;
}

/** A tokenizer made in code that reads and writes as the folder it saves will. @throws ConfigError for a repeated word. */
export function madeOfWords({ words, source, findsAnywhere, ...parts }: WordParts): Tokenizer {
  const spellings = [...SPECIAL, ...words];
  const ids = new Map(spellings.map((word, id) => [word, id]));
  const repeated = spellings.find((word, id) => ids.get(word) !== id);
  if (repeated !== undefined)
    throw new ConfigError(`${source}: ${JSON.stringify(repeated)} is in the vocabulary twice`);
  const special = new Map(SPECIAL.map((token, id) => [token, id]));
  const anywhere = new Map(words.map((word, index) => [word, SPECIAL.length + index]));
  const files = symbolTokenizerFiles({
    vocabulary: ids,
    special,
    roles: ROLES,
    chatTemplate: undefined,
    findsWholeTokens: true,
    ...(findsAnywhere && { anywhere }),
    ...parts,
  });
  const bytes = [...files].map(([name, text]) => [name, Buffer.from(text)] as const);
  return tokenizerFromFiles(source, new Map(bytes));
}
