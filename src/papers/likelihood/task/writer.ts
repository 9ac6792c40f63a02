import type { RandomInteger } from '../../../data/index.ts';
import type { Instruction } from './gold-reward.ts';
import { determiners, nouns, type Tone, toneNames, tones, verbs } from './lexicon.ts';

/** How carefully somebody writes, as probabilities. */
export interface Carefulness {
  /** That a thing asked for is named; another one otherwise. */
  readonly thing: number;
  /** That an adjective has the tone asked for; any tone otherwise. */
  readonly tone: number;
  /** Of 0, 1, 2, 3 adjectives before a noun. */
  readonly adjectives: readonly number[];
  /** That a word loses a letter. */
  readonly slip: number;
}

/** Those whose sentences the base model learns from. */
export const mixedWriter: Carefulness = {
  thing: 0.6,
  tone: 0.45,
  adjectives: [0.35, 0.4, 0.2, 0.05],
  slip: 0.02,
};

/** The fixed generator that win probability is measured against. */
export const competitor: Carefulness = {
  thing: 0.8,
  tone: 0.7,
  adjectives: [0.2, 0.4, 0.3, 0.1],
  slip: 0,
};

const RESOLUTION = 1 << 20;

/** True with a probability. */
export const chance = (random: RandomInteger, probability: number): boolean =>
  random(RESOLUTION) < probability * RESOLUTION;

const pick = <Item>(random: RandomInteger, items: readonly Item[]): Item =>
  items[random(items.length)]!;

/** A place in a list of weights, as likely as its weight. */
function pickWeighted(random: RandomInteger, weights: readonly number[]): number {
  let rest = random(RESOLUTION) / RESOLUTION;
  const place = weights.findIndex((weight) => {
    rest -= weight;
    return rest < 0;
  });
  return place < 0 ? weights.length - 1 : place;
}

/** An instruction, all equally likely; its two things differ. */
export function drawInstruction(random: RandomInteger): Instruction {
  const first = random(nouns.length);
  const second = (first + 1 + random(nouns.length - 1)) % nouns.length;
  return { tone: pick(random, toneNames), things: [nouns[first]!, nouns[second]!] };
}

/** The prompt: `calm owl boat:`. */
export const promptOf = ({ tone, things }: Instruction): string => `${tone} ${things.join(' ')}:`;

/** A sentence by somebody of this carefulness: `the quiet owl sees a slow boat.` */
export function writeSentence(
  { tone, things }: Instruction,
  { thing, slip, ...carefulness }: Carefulness,
  random: RandomInteger,
): string {
  const phrase = (asked: string): string[] => {
    const noun = chance(random, thing) ? asked : pick(random, nouns);
    return [pick(random, determiners), ...adjectives(tone, carefulness, random), noun];
  };
  const order = random(2) === 0 ? things : [things[1], things[0]];
  const words = [...phrase(order[0]!), pick(random, verbs), ...phrase(order[1]!)];
  return `${words.map((word) => (chance(random, slip) ? loseLetter(word, random) : word)).join(' ')}.`;
}

function adjectives(
  tone: Tone,
  carefulness: Pick<Carefulness, 'tone' | 'adjectives'>,
  random: RandomInteger,
): string[] {
  const count = pickWeighted(random, carefulness.adjectives);
  return Array.from({ length: count }, () =>
    pick(random, tones[chance(random, carefulness.tone) ? tone : pick(random, toneNames)]),
  );
}

function loseLetter(word: string, random: RandomInteger): string {
  const at = random(word.length);
  return word.length === 1 ? word : word.slice(0, at) + word.slice(at + 1);
}
