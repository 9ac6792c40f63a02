/** The words of the generated task; every word has one part of speech. */

/** What a sentence may be asked to sound like, with the words that do. */
export const tones = {
  calm: ['quiet', 'soft', 'slow', 'pale', 'mild', 'still'],
  wild: ['loud', 'fast', 'fierce', 'rough', 'hot', 'mad'],
  glad: ['kind', 'merry', 'bright', 'warm', 'sweet', 'proud'],
} as const;

export type Tone = keyof typeof tones;

export const toneNames = Object.keys(tones) as Tone[];

/** No two begin with the same letter, so that naming what was asked for is not a matter of spelling. */
export const nouns = [
  ...['owl', 'boat', 'lamp', 'king', 'tree', 'horse', 'river', 'cat'],
  ...['stone', 'apple', 'wolf', 'garden', 'moon', 'dog', 'fox', 'nest'],
] as const;

export const verbs = ['sees', 'finds', 'greets', 'follows', 'passes', 'hears', 'paints', 'meets'];

export const determiners = ['the', 'a', 'my', 'one'];

/** Letters, the space, and what ends a prompt and a sentence. */
export const alphabet = 'abcdefghijklmnopqrstuvwxyz :.';

export type PartOfSpeech = 'determiner' | 'adjective' | 'noun' | 'verb';

const partsOfSpeech = new Map<string, PartOfSpeech>([
  ...determiners.map((word) => [word, 'determiner'] as const),
  ...Object.values(tones).flatMap((words) => words.map((word) => [word, 'adjective'] as const)),
  ...nouns.map((word) => [word, 'noun'] as const),
  ...verbs.map((word) => [word, 'verb'] as const),
]);

/** Undefined for what is no word. */
export const partOfSpeech = (word: string): PartOfSpeech | undefined => partsOfSpeech.get(word);

const toneOfAdjective = new Map<string, Tone>(
  toneNames.flatMap((tone) => tones[tone].map((word) => [word, tone] as const)),
);

/** Undefined for what is no adjective. */
export const toneOf = (word: string): Tone | undefined => toneOfAdjective.get(word);
