import { type PartOfSpeech, partOfSpeech, type Tone, toneOf } from './lexicon.ts';

/** What a sentence is asked for. */
export interface Instruction {
  readonly tone: Tone;
  /** The two things that it is to be about. */
  readonly things: readonly [string, string];
}

/** What the gold reward is made of, each part from 0 to 1. */
export interface RewardParts {
  /** Share of the two things that are named. */
  readonly things: number;
  /** Share of the adjectives that have the tone; 0 without any. */
  readonly tone: number;
  /** How near the distinct adjectives come to three: 1 − |n − 3| / 3, at least 0. */
  readonly adjectives: number;
  /** Share of the words that stand where the grammar allows them. */
  readonly grammar: number;
}

const WANTED_ADJECTIVES = 3;

/** What may follow a word: determiner, adjectives, noun, verb, determiner, adjectives, noun, end. */
const followers: Readonly<Record<PartOfSpeech | 'start', readonly (PartOfSpeech | 'end')[]>> = {
  start: ['determiner'],
  determiner: ['adjective', 'noun'],
  adjective: ['adjective', 'noun'],
  noun: ['verb', 'end'],
  verb: ['determiner'],
};

/**
 * Share of the steps from word to word, the first into the sentence and the last out of it included, that the grammar
 * allows; a second clause would be a verb too many, so that it ends the share.
 */
function grammarShare(words: readonly (PartOfSpeech | undefined)[], isEnded: boolean): number {
  const steps = [...words, isEnded ? ('end' as const) : undefined];
  let before: PartOfSpeech | 'start' | undefined = 'start';
  let verbs = 0;
  let allowed = 0;
  for (const step of steps) {
    if (step === 'verb') verbs++;
    const fits = before !== undefined && step !== undefined && followers[before].includes(step);
    if (fits && verbs <= 1 && (step !== 'end' || verbs === 1)) allowed++;
    before = step === 'end' ? undefined : step;
  }
  return allowed / steps.length;
}

/** The parts of the reward of a sentence. A sentence ends with a full stop. */
export function rewardParts(sentence: string, { tone, things }: Instruction): RewardParts {
  const isEnded = sentence.endsWith('.');
  const words = (isEnded ? sentence.slice(0, -1) : sentence).split(' ');
  const adjectives = words.filter((word) => toneOf(word) !== undefined);
  const distinct = new Set(adjectives).size;
  const toned = adjectives.filter((word) => toneOf(word) === tone).length;
  return {
    things: things.filter((thing) => words.includes(thing)).length / things.length,
    tone: adjectives.length === 0 ? 0 : toned / adjectives.length,
    adjectives: Math.max(0, 1 - Math.abs(distinct - WANTED_ADJECTIVES) / WANTED_ADJECTIVES),
    grammar: grammarShare(words.map(partOfSpeech), isEnded),
  };
}

/** How much each part counts. */
const weights: RewardParts = { things: 1, tone: 2, adjectives: 1.5, grammar: 1.5 };

/** The gold reward of a sentence, from 0 to 6. */
export function goldReward(sentence: string, instruction: Instruction): number {
  const parts = rewardParts(sentence, instruction);
  return (Object.keys(weights) as (keyof RewardParts)[]).reduce(
    (sum, part) => sum + weights[part] * parts[part],
    0,
  );
}
