import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tinyData } from '../../../../test/support/tiny-catalogue.ts';
import { temporaryFolder, tinyPolicy } from '../../../../test/support/tiny-policy.ts';
import { parseConfig } from '../../../config/index.ts';
import { saveRecommender, semanticLanguage } from '../../../recommendation/index.ts';
import { resolveRecommenderModel } from './resolve-recommender-model.ts';
import { sdpoConfig } from './sdpo-config.ts';

const folder = join(temporaryFolder(), 'supervised');
const language = semanticLanguage(tinyData, { maxHistory: 3 });
const policy = tinyPolicy({ tokenizer: language.tokenizer });
saveRecommender(folder, { policy, language, data: tinyData });
const config = parseConfig(sdpoConfig, { out: 'unused', modelNameOrPath: folder });

const changed = (change: object) => ({
  ...tinyData,
  items: tinyData.items.map((item, place) => (place === 3 ? { ...item, ...change } : item)),
});

test('a recommender is gone on from with the language it was trained in', async () => {
  const resolved = await resolveRecommenderModel(config, changed({ title: 'Another mug' }));
  expect(resolved.language.maxHistory).toBe(3);
  for (const item of tinyData.items.keys())
    expect(resolved.language.tokensOf(item)).toEqual(language.tokensOf(item));
});

test('data in which an item has another key or semantic id is refused', async () => {
  await expect(resolveRecommenderModel(config, changed({ key: 'q4' }))).rejects.toThrow(
    /lacks "q4" at its place/,
  );
  await expect(
    resolveRecommenderModel(config, changed({ semanticId: ['<a_9>', '<b_0>'] })),
  ).rejects.toThrow(/knows item "p4" by its semantic id "<a_2> <b_0>", and the data has "<a_9>/);
});

test.each([{ codes: 'deciding' }, { vocabulary: 'beginnings' }, { prefix: 'next: ' }] as const)(
  'items: token has no use for %j',
  (option) => {
    const given = { out: 'unused', modelNameOrPath: folder, items: 'token' } as const;
    expect(() => parseConfig(sdpoConfig, { ...given, ...option })).toThrow(
      new RegExp(`items: token has no use for it; leave it out\\s+→ at ${Object.keys(option)[0]}`),
    );
    expect(parseConfig(sdpoConfig, given).items).toBe('token');
  },
);
