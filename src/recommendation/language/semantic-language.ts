import { DataError } from '../../errors.ts';
import { TokenTrie } from '../../rollouts/index.ts';
import { type Tokenizer, wordTokenizer } from '../../tokenizers/index.ts';
import type { Item, WrittenCodes } from '../types.ts';
import {
  type Catalogue,
  type LanguageOptions,
  missingItems,
  type SpelledLanguage,
  spelledItems,
} from './spelled-items.ts';

export interface SemanticLanguageOptions extends LanguageOptions {
  /** Default `all`. */
  readonly codes?: WrittenCodes;
  /** One that has the semantic words, such as a saved model's; default: made of the words, in order of level, then name. */
  readonly tokenizer?: Tokenizer;
}

const isThere = ({ semanticId }: Item): boolean => (semanticId?.length ?? 0) > 0;

/** Words by the first level they occur at, then by the number in them, so that ids do not depend on the order of items. */
function semanticWords(items: readonly Item[]): string[] {
  const levels = new Map<string, number>();
  for (const { semanticId = [] } of items)
    for (const [level, word] of semanticId.entries())
      levels.set(word, Math.min(level, levels.get(word) ?? level));
  const collator = new Intl.Collator('en', { numeric: true });
  return [...levels.keys()].sort(
    (a, b) => levels.get(a)! - levels.get(b)! || collator.compare(a, b) || (a < b ? -1 : 1),
  );
}

function wordIds(words: readonly string[], tokenizer: Tokenizer): Map<string, number> {
  return new Map(
    words.map((word) => {
      const id = tokenizer.tokenToId(word);
      if (id !== undefined) return [word, id];
      throw new DataError(
        `the tokenizer (${tokenizer.source}) has no token for the semantic word ${JSON.stringify(word)}; is it of another catalogue?`,
      );
    }),
  );
}

/** Whether some id begins a longer one. */
function someBeginOthers(items: readonly Item[]): boolean {
  const whole = new Set(items.filter(isThere).map(({ semanticId }) => JSON.stringify(semanticId)));
  return items.some(({ semanticId = [] }) =>
    semanticId.some(
      (_, length) => length > 0 && whole.has(JSON.stringify(semanticId.slice(0, length))),
    ),
  );
}

/** Each path up to its last choice: the shortest beginning that no other path has, so that none begins another. */
function decidingTokens<Path extends readonly number[] | undefined>(
  paths: readonly Path[],
): (Path | number[])[] {
  const trie = TokenTrie.of(paths.filter((path) => path !== undefined));
  return paths.map((path) => {
    if (path === undefined) return path;
    let [node, deciding]: [number, number] = [trie.start, 1];
    for (const [t, token] of path.entries()) {
      const set = trie.allowed(node);
      if (set.length > 1) deciding = t + 1;
      node = trie.follow(node, set.indexOf(token));
    }
    return path.slice(0, deciding);
  });
}

/**
 * Items as their semantic ids, a token a word: `[bos] <a_1> <b_7> <c_3> <a_4> …`. Ids end with the end token only where
 * one of them begins another, so that ids of one length need none. Items that share an id are one path. Of `deciding`
 * codes, those at an id's end that follow from the ones before are left out, the end token among them: histories,
 * answers and searches get shorter, and every id keeps a path of its own.
 * @throws DataError for items without an id, unless they are left out.
 */
export function semanticLanguage(
  catalogue: Catalogue,
  { tokenizer, codes = 'all', ...options }: SemanticLanguageOptions,
): SpelledLanguage {
  const { items } = catalogue;
  missingItems(items, 'semantic id', isThere, options.missing);
  const words = semanticWords(items);
  const reader = tokenizer ?? wordTokenizer(words);
  const ids = wordIds(words, reader);
  const end = someBeginOthers(items) ? [reader.eosTokenId] : [];
  const whole = items.map((item) =>
    isThere(item) ? [...item.semanticId!.map((word) => ids.get(word)!), ...end] : undefined,
  );
  const tokens = codes === 'all' ? whole : decidingTokens(whole);
  const opening = [reader.bosTokenId ?? reader.eosTokenId];
  return spelledItems(catalogue, {
    ...options,
    kind: 'semantic',
    codes,
    tokenizer: reader,
    tokens,
    opening,
  });
}
