import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadRecommender } from '../load-recommender.ts';
import { estimate, hitRate, ndcg, rankOf } from '../ranking-metrics.ts';
import type { NextItem, RecommendationData, UserSequence } from '../types.ts';
import {
  createSasrec,
  loadSasrec,
  type SasrecModel,
  sasrecRanks,
  sasrecRecommender,
  sasrecScores,
  saveSasrec,
  saveSasrecRecommender,
  trainSasrec,
} from './index.ts';
import { sasrecRows } from './sasrec-rows.ts';

const scratch = mkdtempSync(join(tmpdir(), 'laurel-sasrec-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Users walk a ring of `size` items, each from another place. */
function ring(size: number): RecommendationData {
  const walk = (from: number, steps: number) =>
    Array.from({ length: steps }, (_, step) => (from + step) % size);
  const users = Array.from({ length: size * 3 }, (_, user) => walk(user, 4 + (user % 4)));
  const train: UserSequence[] = users.map((items, user) => ({
    user: `u${user}`,
    items: items.slice(0, -2),
    firstTarget: 1,
  }));
  const ask = (back: number): NextItem[] =>
    users.map((items, user) => ({
      user: `u${user}`,
      history: items.slice(0, -back),
      target: items.at(-back)!,
    }));
  const items = Array.from({ length: size }, (_, item) => ({
    key: `${item}`,
    title: undefined,
    text: undefined,
    semanticId: undefined,
  }));
  return { name: 'ring', items, train, valid: ask(2), test: ask(1), popularity: [] };
}

const sizes = { hiddenSize: 16, numLayers: 1, maxLength: 6, dropout: 0.1 };
const fast = { ...sizes, learningRate: 0.02, batchSize: 8, console: null } as const;

const itemsOf = ({ weights }: SasrecModel): number[] => weights.get('items')!.toArray();

describe('rows of SASRec', () => {
  const rowsOf = (items: number[], firstTarget: number, maxLength: number) =>
    sasrecRows([{ user: 'u', items, firstTarget }], maxLength);

  it('teach every item after the first from those before it', () => {
    expect(rowsOf([5, 6, 7], 1, 10)).toEqual([{ items: [5, 6], targets: [6, 7] }]);
  });

  it('keep the last items of a long history', () => {
    expect(rowsOf([5, 6, 7, 8], 1, 2)).toEqual([{ items: [6, 7], targets: [7, 8] }]);
  });

  it('teach nothing before the first target', () => {
    expect(rowsOf([5, 6, 7, 8], 3, 10)).toEqual([{ items: [5, 6, 7], targets: [8] }]);
  });

  it('leave out a user with nothing to learn', () => {
    expect(rowsOf([5], 1, 10)).toEqual([]);
  });
});

describe('training SASRec', () => {
  it('learns which item follows which, for users it has not seen so far', async () => {
    const data = ring(12);
    const outputDir = join(scratch, 'ring');
    const { model, result } = await trainSasrec({ data, ...fast, numTrainEpochs: 30, outputDir });
    expect(result.outcome).toBe('finished');
    const ranks = await sasrecRanks(model, data.test);
    expect(estimate(ranks.map((rank) => hitRate(rank, 1))).mean).toBeGreaterThan(0.9);
  });

  it('ends with the model that was best on validation', async () => {
    const data = ring(12);
    const seen: number[] = [];
    const { model, result } = await trainSasrec({
      data,
      ...fast,
      numTrainEpochs: 30,
      patience: 2,
      outputDir: join(scratch, 'best'),
      onEvent: (event) => {
        if (event.type === 'evaluation-end') seen.push(event.metrics['eval_ranking/ndcg_10']!);
      },
    });
    const ranks = await sasrecRanks(model, data.valid);
    const { mean } = estimate(ranks.map((rank) => ndcg(rank, 10)));
    expect(mean).toBeCloseTo(Math.max(...seen), 12);
    expect(result.bestMetric).toBeCloseTo(mean, 12);
    // Two epochs that were no better, or the last of all.
    const best = seen.indexOf(Math.max(...seen));
    expect(seen.length - 1 - best).toBeLessThanOrEqual(2);
  });

  it('repeats to the bit from one seed, also when it was interrupted and resumed', async () => {
    const data = ring(9);
    const train = (name: string, more: object) =>
      trainSasrec({
        data,
        ...fast,
        numTrainEpochs: 4,
        outputDir: join(scratch, name),
        ...more,
      });
    const whole = await train('whole', {});
    const again = await train('again', {});
    expect(itemsOf(again.model)).toEqual(itemsOf(whole.model));
    const stop = new AbortController();
    const onEvent = ({ type, step }: { type: string; step?: number }) => {
      if (type === 'step-end' && step === 6) stop.abort();
    };
    const cut = await train('cut', { signal: stop.signal, onEvent });
    expect(cut.result.outcome).toBe('interrupted');
    const resumed = await train('cut', { resumeFromCheckpoint: true });
    expect(resumed.result.outcome).toBe('finished');
    expect(itemsOf(resumed.model)).toEqual(itemsOf(whole.model));
  });

  it('says what is wrong before the first step', async () => {
    const data = ring(9);
    await expect(trainSasrec({ data, ...fast, numHeads: 3 })).rejects.toThrow(/into 3 heads/);
    const silent = { ...data, valid: [] };
    await expect(trainSasrec({ data: silent, ...fast })).rejects.toThrow(/no validation/);
  });
});

describe('a SASRec recommender', () => {
  const model = createSasrec({ ...sizes, numHeads: 2, numItems: 30 }, { seed: 8 });
  const histories = [[1, 2, 3], [29], [4, 4, 4, 4, 4, 4, 4, 4]];

  it('ranks as sorting all scores does', async () => {
    const ranked = await sasrecRecommender(model).recommend(histories, 7);
    const scores = sasrecScores(model, histories).toArray();
    for (const [row, list] of ranked.entries()) {
      const all = scores.slice(row * 30, (row + 1) * 30).map((score, item) => ({ item, score }));
      const sorted = all.sort((a, b) => b.score - a.score || a.item - b.item);
      expect(list).toEqual(sorted.slice(0, 7));
    }
  });

  it('puts an answer where its rank says', async () => {
    const questions = histories.map((history, target) => ({ user: '', history, target }));
    const ranks = await sasrecRanks(model, questions);
    const ranked = await sasrecRecommender(model).recommend(histories, 30);
    expect(ranked.map((list, row) => rankOf(list, row))).toEqual(ranks);
  });

  it('is the same after saving and loading', async () => {
    const folder = join(scratch, 'saved');
    saveSasrec(folder, model);
    expect(readdirSync(folder).sort()).toEqual(['model.safetensors', 'sasrec.json']);
    const loaded = loadSasrec(folder, { trainable: false });
    expect(loaded.config).toEqual(model.config);
    expect(sasrecScores(loaded, histories).toArray()).toEqual(
      sasrecScores(model, histories).toArray(),
    );
  });

  it('is found by its method in a folder with its catalogue', async () => {
    const folder = join(scratch, 'with-catalogue');
    const items = ring(30).items;
    saveSasrecRecommender(folder, model, { name: 'ring', items, popularity: items.map(() => 1) });
    const { recommender, catalogue } = loadRecommender(folder);
    expect(catalogue.items.map(({ key }) => key)).toEqual(items.map(({ key }) => key));
    expect(await recommender.recommend(histories, 3)).toEqual(
      await sasrecRecommender(model).recommend(histories, 3),
    );
  });

  it('says which folder holds no model', () => {
    expect(() => loadSasrec(join(scratch, 'nowhere'))).toThrow(/nowhere/);
  });
});
