import { expect, test } from 'vitest';
import { tinyData } from '../../test/support/tiny-catalogue.ts';
import { learnValidation } from './learn-validation.ts';
import { trainQuestions } from './train-questions.ts';

test('every question of validation is asked once, also where a user has several', () => {
  const [first, ...others] = tinyData.valid;
  const again = { ...first!, history: [...first!.history, first!.target], target: 0 };
  const data = { ...tinyData, valid: [first!, again, ...others] };
  const learned = learnValidation(data);
  expect(trainQuestions(learned, 20)).toEqual(data.valid);
  expect(learned.valid).toBe(data.valid);
  expect(learned.test).toBe(data.test);
});
