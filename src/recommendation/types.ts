/** The nouns of recommendation, in the order data flows: Interaction → catalogue and sequences → ranked items. */
import type { ConstrainedDistribution } from '../policy/index.ts';
import type { TokenTrie } from '../rollouts/index.ts';
import type { Tokenizer } from '../tokenizers/index.ts';

/** One event of a log. */
export interface Interaction {
  readonly user: string;
  /** As the log names it; {@link Item.key}. */
  readonly item: string;
  /** Seconds, or any number that grows with time; null where the log has none and its order counts. */
  readonly time: number | null;
}

/** Something that can be recommended. Inside, an item is its place in the catalogue. */
export interface Item {
  /** As the user's files name it. */
  readonly key: string;
  readonly title: string | undefined;
  /** Whatever else is written about it: description, brand, categories. */
  readonly text: string | undefined;
  /** Its words in the semantic vocabulary, `<a_114>` and so on; several items may share all of them. */
  readonly semanticId: readonly string[] | undefined;
}

/** What one user took, oldest first: every item from `firstTarget` on is learned from those before it. */
export interface UserSequence {
  readonly user: string;
  readonly items: readonly number[];
  /** At least 1. */
  readonly firstTarget: number;
}

/** A question with its answer: the item that followed a history. */
export interface NextItem {
  readonly user: string;
  /** Oldest first, at least one item. */
  readonly history: readonly number[];
  readonly target: number;
}

/** A prepared data set: what every recommender is trained and measured on. */
export interface RecommendationData {
  readonly name: string;
  readonly items: readonly Item[];
  readonly train: readonly UserSequence[];
  readonly valid: readonly NextItem[];
  readonly test: readonly NextItem[];
  /** How often each item occurs in `train`, by place. [N] */
  readonly popularity: readonly number[];
}

export interface RankedItem {
  readonly item: number;
  /** Higher is better; comparable within one list only. */
  readonly score: number;
}

/** Anything that recommends. */
export interface Recommender {
  readonly name: string;
  /** The best `count` distinct items after each history, best first; fewer where it knows fewer. */
  recommend(
    histories: readonly (readonly number[])[],
    count: number,
    signal?: AbortSignal,
  ): Promise<readonly (readonly RankedItem[])[]>;
}

/** Which codes of a semantic id are written: all, or no more than tell it from every other id. */
export type WrittenCodes = 'all' | 'deciding';

/** What has a token of its own: each code of a semantic id, or each beginning of one, so that a code is another after others. */
export type SemanticVocabulary = 'codes' | 'beginnings';

/** How a language model reads and writes the items of one catalogue. */
export interface ItemLanguage {
  /** What an item is to the model: its semantic id, its title, or a token of its own. */
  readonly kind: 'semantic' | 'title' | 'token';
  /** Of semantic ids; left out: all. */
  readonly codes?: WrittenCodes;
  /** Of semantic ids; left out: `codes`. */
  readonly vocabulary?: SemanticVocabulary;
  /** Of titles: text before every history; left out: none. */
  readonly prefix?: string;
  readonly tokenizer: Tokenizer;
  /** Over the distinct token sequences of the items: what may be written. */
  readonly trie: TokenTrie;
  /** Tokens of an item, its end included; no item's begin another's unless they are equal. */
  tokensOf(item: number): readonly number[];
  /** Items that a whole path of the trie stands for, the most popular in training first, then by place. */
  itemsOf(tokens: readonly number[]): readonly number[];
  /** Tokens that ask what follows a history, cut to its last `maxHistory` items. */
  promptOf(history: readonly number[]): readonly number[];
  readonly maxHistory: number;
  /**
   * What the likelihood of an item's token is of, in training and search alike: `full`, the whole vocabulary, as
   * published; `constrained`, the tokens that the trie allows there, so that the model need not learn which paths exist.
   * Left out: `full`.
   */
  readonly distribution?: ConstrainedDistribution;
  /** Places of items that it cannot write, ascending; left out: none. */
  readonly leftOut?: readonly number[];
}
