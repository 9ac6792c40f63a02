import { join } from 'node:path';
import { expect, test } from 'vitest';
import { metricLines } from '../../../../test/support/run-files.ts';
import { tinyData } from '../../../../test/support/tiny-catalogue.ts';
import { temporaryFolder, tinyPolicy } from '../../../../test/support/tiny-policy.ts';
import { semanticLanguage, trainQuestions } from '../../../recommendation/index.ts';
import { sdpoRows, trainSdpo } from './index.ts';

const root = temporaryFolder();
const language = semanticLanguage(tinyData, { maxHistory: 3 });
const items = tinyData.items.map((_, item) => item);
const questions = trainQuestions(tinyData, 3);

test('rows are the answer over so many different items, none written as the answer', () => {
  const rows = sdpoRows(questions, language, { negatives: 3, seed: 1, items });
  expect(rows).toHaveLength(questions.length);
  const written = new Set(items.map((item) => language.tokensOf(item).join()));
  for (const [index, { promptTokens, chosenTokens, rejectedTokens }] of rows.entries()) {
    const { history, target } = questions[index]!;
    expect(promptTokens).toEqual(language.promptOf(history));
    expect(chosenTokens).toEqual(language.tokensOf(target));
    const worse = rejectedTokens.map((tokens) => tokens.join());
    expect(worse).toHaveLength(3);
    expect(worse).not.toContain(chosenTokens.join());
    for (const tokens of worse) expect(written).toContain(tokens);
  }
});

test('a seed draws the same items again, and another seed others', () => {
  const draw = (seed: number) => sdpoRows(questions, language, { negatives: 2, seed, items });
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});

test('all items but the answer are drawn about equally often', () => {
  const { target } = questions[0]!;
  const others = items.filter(
    (item) => language.tokensOf(item).join() !== language.tokensOf(target).join(),
  );
  const many = Array.from({ length: 2000 }, () => questions[0]!);
  const distinct = [...new Set(others.map((item) => language.tokensOf(item).join()))];
  const counts = new Map(distinct.map((tokens) => [tokens, 0]));
  for (const { rejectedTokens } of sdpoRows(many, language, { negatives: 1, seed: 3, items })) {
    const tokens = rejectedTokens[0]!.join();
    counts.set(tokens, counts.get(tokens)! + 1);
  }
  for (const [tokens, count] of counts) {
    const share =
      others.filter((item) => language.tokensOf(item).join() === tokens).length / others.length;
    // Five standard deviations of a binomial share of 2,000.
    expect(Math.abs(count / 2000 - share)).toBeLessThan(
      5 * Math.sqrt((share * (1 - share)) / 2000),
    );
  }
});

test('more worse items than there are others are refused', () => {
  expect(() => sdpoRows(questions, language, { negatives: 50, seed: 1, items })).toThrow(
    /expected 50; lower negatives/,
  );
});

test('training starts at the log of all completions of a row, and raises what users took', async () => {
  const policy = tinyPolicy({ tokenizer: language.tokenizer, initializerRange: 0.1 });
  const { folder } = await trainSdpo({
    data: { ...tinyData, test: [] },
    language,
    policy,
    negatives: 2,
    learningRate: 0.01,
    perDeviceTrainBatchSize: questions.length,
    maxSteps: 20,
    loggingSteps: 1,
    validation: { width: 5 },
    evalSteps: 10,
    outputDir: join(root, 'sdpo'),
    console: null,
  });
  const lines = metricLines(folder);
  const losses = lines.flatMap(({ loss }) => (loss === undefined ? [] : [loss!]));
  // Policy and reference are equal at first, so three completions share a softmax: log 3.
  expect(losses[0]).toBeCloseTo(Math.log(3), 5);
  expect(losses.at(-1)).toBeLessThan(losses[0]!);
  // Before the first step, at 10 and at 20; never on test questions, of which there are none here.
  expect(lines.filter((line) => line['eval_ranking/ndcg_10'] !== undefined)).toHaveLength(3);
});
