import { keptViewsOf } from '../batches/index.ts';
import { DataError } from '../errors.ts';
import type { TokenTrie } from '../rollouts/index.ts';
import type { TokensExample } from '../trainers/index.ts';
import type { KeptTokens } from '../types.ts';
import { canWrite } from './can-write.ts';
import type { ItemLanguage, RecommendationData, UserSequence } from './types.ts';

/** Some items in a row, of which those from `firstTarget` on are learned. */
export interface SequenceWindow {
  readonly items: readonly number[];
  readonly firstTarget: number;
}

/**
 * Cuts a user's items into windows of at most maxHistory + 1, each target in exactly one of them, after at least
 * ⌈maxHistory / 2⌉ items or all there are. The last window reaches as far back as it can.
 */
export function sequenceWindows(
  { items, firstTarget }: Pick<UserSequence, 'items' | 'firstTarget'>,
  maxHistory: number,
): SequenceWindow[] {
  const windows: SequenceWindow[] = [];
  const leastHistory = Math.ceil(maxHistory / 2);
  for (let next = Math.max(1, firstTarget); next < items.length; ) {
    const end = Math.min(items.length, Math.max(0, next - leastHistory) + maxHistory + 1);
    const start = Math.max(0, end - (maxHistory + 1));
    windows.push({ items: items.slice(start, end), firstTarget: next - start });
    next = end;
  }
  return windows;
}

/** The sequence without items that cannot be written; targets stay targets. */
function writable(
  { items, firstTarget }: UserSequence,
  isWritten: (item: number) => boolean,
): SequenceWindow {
  const kept = items.filter(isWritten);
  const before = items.slice(0, firstTarget).filter(isWritten).length;
  return { items: kept, firstTarget: before };
}

/** Tokens of a window, learned from its first target on; undefined where the language does not simply go on. */
function asOneText(window: SequenceWindow, language: ItemLanguage) {
  const { items, firstTarget } = window;
  const targets = items.slice(firstTarget).flatMap((item) => language.tokensOf(item));
  const prompt = language.promptOf(items.slice(0, firstTarget));
  const last = items.at(-1)!;
  const tokens = [...language.promptOf(items.slice(0, -1)), ...language.tokensOf(last)];
  const goesOn =
    tokens.length === prompt.length + targets.length &&
    prompt.every((token, t) => token === tokens[t]) &&
    targets.every((token, t) => token === tokens[prompt.length + t]);
  return goesOn ? { tokens, mask: tokens.map((_, t) => (t < prompt.length ? 0 : 1)) } : undefined;
}

/** Each target of a window with the question that asks for it. */
const oneByOne = ({ items, firstTarget }: SequenceWindow, language: ItemLanguage) =>
  items.slice(firstTarget).map((item, k) => {
    const prompt = language.promptOf(items.slice(0, firstTarget + k));
    const target = language.tokensOf(item);
    return {
      tokens: [...prompt, ...target],
      mask: [...prompt.map(() => 0), ...target.map(() => 1)],
    };
  });

/**
 * What the trie allows at each token of some items in a row, each from the root on.
 * @throws DataError for tokens that are no items' of the trie.
 */
export function allowedAlong(trie: TokenTrie, tokens: readonly number[]): KeptTokens {
  let node = trie.start;
  const sets = tokens.map((token) => {
    const set = trie.allowed(node);
    const index = set.indexOf(token);
    if (index < 0) throw new DataError(`[${tokens.join(', ')}] are not the tokens of items`);
    const next = trie.follow(node, index);
    node = trie.isEnd(next) ? trie.start : next;
    return set;
  });
  return keptViewsOf(sets);
}

/** Training rows of a user's window. */
function rowsOf(window: SequenceWindow, language: ItemLanguage) {
  const one = asOneText(window, language);
  const texts = one === undefined ? oneByOne(window, language) : [one];
  if (language.distribution !== 'constrained') return texts;
  return texts.map(({ tokens, mask }) => {
    const learned = tokens.slice(mask.indexOf(1));
    return { tokens, mask, keptTokens: allowedAlong(language.trie, learned) };
  });
}

/**
 * Training sequences as rows of tokens, `[bos] item item …`: every target of every user is learned once per epoch, a
 * whole window in one pass. In a language whose question does not begin the longer one, each target is a row of its own.
 * Items that the language leaves out are passed over. Of a language whose likelihood is constrained, each row says which
 * tokens could come next.
 * @throws DataError where nothing is left to learn.
 */
export function supervisedSequences(
  { train }: Pick<RecommendationData, 'train'>,
  language: ItemLanguage,
): TokensExample[] {
  const isWritten = canWrite(language);
  const rows = train.flatMap((sequence, user) =>
    sequenceWindows(writable(sequence, isWritten), language.maxHistory).flatMap((window) =>
      rowsOf(window, language).map((text) => ({ ...text, user })),
    ),
  );
  if (rows.length === 0) throw new DataError('no training sequence has an item to learn');
  return rows.map(({ user, ...text }, index) => ({
    example: { index, columns: { user: train[user]!.user } },
    ...text,
  }));
}
