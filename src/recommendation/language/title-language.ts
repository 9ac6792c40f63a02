import { type Tokenizer, textWordTokenizer } from '../../tokenizers/index.ts';
import type { Item } from '../types.ts';
import {
  type Catalogue,
  type LanguageOptions,
  missingItems,
  type SpelledLanguage,
  spelledItems,
} from './spelled-items.ts';

export interface TitleLanguageOptions extends LanguageOptions {
  /** A pretrained model's, or a saved one's; default: made of the titles' words and bytes. */
  readonly tokenizer?: Tokenizer;
  /** Read before every history, such as an instruction for a pretrained model; default none. */
  readonly prefix?: string;
}

const END = '\n';

/** A title on one line; empty where there is none. */
const lineOf = ({ title = '' }: Item): string => title.replace(/\s+/g, ' ').trim();

/** An item's tokens: its title and a new line, or the end token where the tokenizer does not write new lines. */
function titleTokens(line: string, tokenizer: Tokenizer, hasNewline: boolean): number[] {
  return hasNewline
    ? tokenizer.encode(`${line}${END}`)
    : [...tokenizer.encode(line), tokenizer.eosTokenId];
}

/**
 * Items as their titles, one a line: `[bos] title ↵ title ↵ …`. Since no title has a new line, none begins another, in
 * text or in tokens. White space is written as single spaces; items of one title are one path.
 * @throws DataError for items without a title, unless they are left out.
 */
export function titleLanguage(
  catalogue: Catalogue,
  { tokenizer, prefix = '', ...options }: TitleLanguageOptions,
): SpelledLanguage {
  const { items } = catalogue;
  missingItems(items, 'title', (item) => lineOf(item) !== '', options.missing);
  const lines = items.map(lineOf);
  const reader = tokenizer ?? textWordTokenizer(lines);
  const hasNewline = reader.decode(reader.encode(`a${END}`)).endsWith(END);
  const tokens = lines.map((line) =>
    line === '' ? undefined : titleTokens(line, reader, hasNewline),
  );
  const opening = [
    ...(reader.bosTokenId === undefined && prefix !== ''
      ? []
      : [reader.bosTokenId ?? reader.eosTokenId]),
    ...reader.encode(prefix),
  ];
  const spelling = { kind: 'title', prefix, tokenizer: reader, tokens, opening } as const;
  return spelledItems(catalogue, { ...options, ...spelling });
}
