import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomIntegers } from '../../../data/index.ts';
import { goldReward, type Instruction, rewardParts } from './gold-reward.ts';
import { alphabet, nouns, partOfSpeech, toneNames, tones } from './lexicon.ts';
import { type Carefulness, drawInstruction, promptOf, writeSentence } from './writer.ts';

const instruction: Instruction = { tone: 'calm', things: ['owl', 'boat'] };

describe('the gold reward', () => {
  test('is whole for a sentence with everything', () => {
    const sentence = 'the quiet owl sees a slow soft boat.';
    expect(rewardParts(sentence, instruction)).toEqual({
      things: 1,
      tone: 1,
      adjectives: 1,
      grammar: 1,
    });
    expect(goldReward(sentence, instruction)).toBe(6);
  });

  test('counts each part by itself', () => {
    // One of two things; two of three adjectives calm, and two distinct of three wanted; a grammatical sentence.
    expect(rewardParts('my slow owl sees one slow mad king.', instruction)).toEqual({
      things: 1 / 2,
      tone: 2 / 3,
      adjectives: expect.closeTo(2 / 3, 12),
      grammar: 1,
    });
  });

  test('grammar is the share of steps that fit', () => {
    // the(ok) owl(ok) boat(after a noun: no) end(no verb: no): 2 of 4.
    expect(rewardParts('the owl boat.', instruction).grammar).toBe(2 / 4);
    // the(ok) xyz(no word) sees(after none: no) a(ok) boat(ok), no full stop: 3 of 6.
    expect(rewardParts('the xyz sees a boat', instruction).grammar).toBe(3 / 6);
  });

  test('too many adjectives are as bad as too few', () => {
    const many = 'the quiet soft slow pale mild owl sees a boat.';
    // Five distinct: 1 − 2/3.
    expect(rewardParts(many, instruction).adjectives).toBeCloseTo(1 / 3, 12);
    expect(rewardParts('the owl sees a boat.', instruction).adjectives).toBe(0);
  });

  test('anything at all has a reward from 0 to 6', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        const reward = goldReward(text, instruction);
        expect(reward).toBeGreaterThanOrEqual(0);
        expect(reward).toBeLessThanOrEqual(6);
      }),
    );
  });
});

describe('writers', () => {
  const careful: Carefulness = { thing: 1, tone: 1, adjectives: [0, 1], slip: 0 };

  test('one who never errs loses only what a third adjective would bring', () => {
    const random = randomIntegers(3n);
    for (let i = 0; i < 50; i++) {
      const asked = drawInstruction(random);
      const parts = rewardParts(writeSentence(asked, careful, random), asked);
      expect(parts).toMatchObject({ things: 1, tone: 1, grammar: 1 });
    }
  });

  test('one who always slips writes fewer letters', () => {
    const asked = drawInstruction(randomIntegers(1n));
    const clean = writeSentence(asked, careful, randomIntegers(5n));
    const slipped = writeSentence(asked, { ...careful, slip: 1 }, randomIntegers(5n));
    expect(slipped.length).toBeLessThan(clean.length);
  });

  test('the same stream writes the same, in the alphabet', () => {
    const asked = drawInstruction(randomIntegers(9n));
    const write = () => writeSentence(asked, careful, randomIntegers(9n));
    expect(write()).toBe(write());
    for (const character of promptOf(asked) + write()) expect(alphabet).toContain(character);
  });
});

test('every word has one part of speech, and no two things begin alike', () => {
  expect(new Set(nouns.map((noun) => noun[0])).size).toBe(nouns.length);
  const adjectives = toneNames.flatMap((tone) => [...tones[tone]]);
  expect(new Set(adjectives).size).toBe(adjectives.length);
  expect(adjectives.map(partOfSpeech)).toEqual(adjectives.map(() => 'adjective'));
});
