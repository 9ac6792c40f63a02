import { DataError } from '../../errors.ts';
import type { ConstrainedDistribution } from '../../policy/index.ts';
import { TokenTrie } from '../../rollouts/index.ts';
import type { Tokenizer } from '../../tokenizers/index.ts';
import type { Item, ItemLanguage, RecommendationData } from '../types.ts';

/** What a language is made from. */
export type Catalogue = Pick<RecommendationData, 'items' | 'popularity'>;

export interface LanguageOptions {
  /** Items of a history that are read, its last. */
  readonly maxHistory: number;
  /** What the likelihood of a token is of; default `full`. */
  readonly distribution?: ConstrainedDistribution;
  /** What to do about items that cannot be written. Left out, they are neither read nor recommended. Default `error`. */
  readonly missing?: 'error' | 'leave-out';
}

/** A language, with what it cannot say. */
export interface SpelledLanguage extends ItemLanguage {
  /** Places of the items that it leaves out, ascending. */
  readonly leftOut: readonly number[];
}

/** What distinguishes one language from another. */
export interface Spelling extends LanguageOptions {
  readonly kind: ItemLanguage['kind'];
  readonly codes?: ItemLanguage['codes'];
  readonly vocabulary?: ItemLanguage['vocabulary'];
  readonly prefix?: string;
  readonly tokenizer: Tokenizer;
  /** Tokens of each item by place, its end included; undefined where it has none. */
  readonly tokens: readonly (readonly number[] | undefined)[];
  /** Before every history. */
  readonly opening: readonly number[];
}

/** @throws DataError naming how many items cannot be written and the first, where `missing` is `error`. */
export function missingItems(
  items: readonly Item[],
  what: string,
  isThere: (item: Item) => boolean,
  missing: LanguageOptions['missing'] = 'error',
): number[] {
  const places = [...items.keys()].filter((place) => !isThere(items[place]!));
  if (places.length === 0 || (missing === 'leave-out' && places.length < items.length))
    return places;
  const first = JSON.stringify(items[places[0]!]!.key);
  throw new DataError(
    `${places.length} of ${items.length} items have no ${what}, the first is ${first}; give them one, leave them out (missing: 'leave-out'), or write items in another way`,
  );
}

/** Items of each path by the node at its end: the most popular in training first, then by place. */
function itemsByNode(trie: TokenTrie, places: readonly number[], popularity: readonly number[]) {
  return (node: number): readonly number[] =>
    Array.from(trie.sequencesAt(node), (sequence) => places[sequence]!).sort(
      (a, b) => popularity[b]! - popularity[a]! || a - b,
    );
}

/** A language of items whose tokens are known: `[opening] item item item …`. */
export function spelledItems(
  { items, popularity }: Catalogue,
  { tokens, opening, distribution = 'full', ...spelling }: Spelling,
): SpelledLanguage {
  const { kind, codes, vocabulary, prefix, tokenizer, maxHistory } = spelling;
  const places = [...items.keys()].filter((place) => tokens[place] !== undefined);
  const trie = TokenTrie.of(places.map((place) => tokens[place]!));
  const itemsAt = itemsByNode(trie, places, popularity);
  return {
    kind,
    ...(codes && { codes }),
    ...(vocabulary && { vocabulary }),
    ...(prefix && { prefix }),
    tokenizer,
    trie,
    maxHistory,
    distribution,
    leftOut: [...items.keys()].filter((place) => tokens[place] === undefined),
    tokensOf: (item) => {
      const found = tokens[item];
      if (found !== undefined) return found;
      const key = items[item]?.key;
      throw new DataError(
        key === undefined
          ? `item ${item} is not one of the catalogue's ${items.length}`
          : `item ${JSON.stringify(key)} cannot be written by the ${kind} language: it was left out`,
      );
    },
    itemsOf: (path) => {
      const node = trie.find(path);
      return node === undefined || !trie.isEnd(node) ? [] : itemsAt(node);
    },
    promptOf: (history) => [
      ...opening,
      ...history
        .filter((item) => tokens[item] !== undefined)
        .slice(-maxHistory)
        .flatMap((item) => tokens[item]!),
    ],
  };
}
