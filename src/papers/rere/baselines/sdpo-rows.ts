import { randomIntegers, streamSeed } from '../../../data/index.ts';
import { DataError } from '../../../errors.ts';
import { allowedAlong, type ItemLanguage, type NextItem } from '../../../recommendation/index.ts';
import type { TokensPreference } from '../../../trainers/index.ts';

export interface SdpoRowOptions {
  /** R: worse items of each question. */
  readonly negatives: number;
  readonly seed: number;
  /** What is drawn from: the items that the language writes. */
  readonly items: readonly number[];
}

const sameTokens = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((token, t) => token === b[t]);

/**
 * Different items, all equally likely, none of them the answer or written as it is. Of one
 * question and seed always the same.
 */
function drawNegatives(
  { target }: NextItem,
  question: number,
  language: ItemLanguage,
  { negatives, seed, items }: SdpoRowOptions,
): number[] {
  const draw = randomIntegers(streamSeed(seed, question));
  const answer = language.tokensOf(target);
  const drawn = new Set<number>();
  for (let tries = 0; drawn.size < negatives; tries++) {
    if (tries > 100 * (negatives + 10)) {
      throw new DataError(
        `sdpo: found ${drawn.size} items that are written otherwise than item ${target}, expected ${negatives}; lower negatives`,
      );
    }
    const item = items[draw(items.length)]!;
    if (!sameTokens(language.tokensOf(item), answer)) drawn.add(item);
  }
  return [...drawn];
}

/** Questions as preferences: the answer over items drawn from the catalogue, as S-DPO draws them. */
export const sdpoRows = (
  questions: readonly NextItem[],
  language: ItemLanguage,
  options: SdpoRowOptions,
): TokensPreference[] =>
  questions.map((question, index) => {
    const chosenTokens = language.tokensOf(question.target);
    const rejectedTokens = drawNegatives(question, index, language, options).map((item) =>
      language.tokensOf(item),
    );
    return {
      example: { index, columns: {} },
      promptTokens: language.promptOf(question.history),
      chosenTokens,
      rejectedTokens,
      ...(language.distribution === 'constrained' && {
        keptTokens: {
          chosen: allowedAlong(language.trie, chosenTokens),
          rejected: rejectedTokens.map((tokens) => allowedAlong(language.trie, tokens)),
        },
      }),
    };
  });
