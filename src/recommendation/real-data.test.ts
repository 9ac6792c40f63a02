import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { countData } from './count-data.ts';
import { loadRecommendationData } from './load-recommendation-data.ts';
import { semanticName, sharedNames } from './log/shared-names.ts';
import type { RecommendationData } from './types.ts';

const shared = fileURLToPath(new URL('../../../shared/data', import.meta.url));
const absent = !existsSync(join(shared, 'amazon-beauty'));
const load = (name: string) => loadRecommendationData(join(shared, `amazon-${name}`));

const targetsInTrain = ({ train, valid, test: last }: RecommendationData): number => {
  const taken = new Map(train.map(({ user, items }) => [user, items]));
  return [...valid, ...last].filter(({ user, target }) => taken.get(user)?.includes(target)).length;
};

// Counts are those of the data's own README.
describe.skipIf(absent)(
  `real logs${absent ? ' (skipped: ../shared/data/amazon-beauty is absent)' : ''}`,
  () => {
    test('amazon-beauty has the users, items, events and shared ids that its README counts', async () => {
      const data = await load('beauty');
      expect(countData(data)).toMatchObject({ users: 22_363, items: 12_101, events: 198_502 });
      expect([data.valid.length, data.test.length]).toEqual([22_363, 22_363]);
      const { names, items, testTargets } = sharedNames(data, semanticName);
      expect([names, items]).toEqual([11_499, 1031]);
      expect(((100 * testTargets) / data.test.length).toFixed(1)).toBe('9.7');
      expect(targetsInTrain(data)).toBe(0);
    }, 120_000);

    test('amazon-scientific has the users, items and events that its README counts', async () => {
      const data = await load('scientific');
      expect(countData(data)).toMatchObject({ users: 8317, items: 4344, events: 58_492 });
      expect(data.items.every(({ title, semanticId }) => title && semanticId)).toBe(true);
    }, 120_000);

    test('amazon-beauty and amazon-scientific are 5-core: the filter leaves out nothing', async () => {
      const options = { minUserEvents: 5, minItemEvents: 5 };
      for (const [name, events] of [
        ['beauty', 198_502],
        ['scientific', 58_492],
      ] as const) {
        const data = await loadRecommendationData(join(shared, `amazon-${name}`), options);
        expect(countData(data).events).toBe(events);
      }
    }, 120_000);

    test('amazon-industrial asks what its files ask, and no target of a user is in that user’s train', async () => {
      const data = await load('industrial');
      expect([data.items.length, data.valid.length, data.test.length]).toEqual([3686, 4532, 4533]);
      expect(targetsInTrain(data)).toBe(0);
      // About a sixth of the published 36,259 questions of train.
      const share = countData(data).train.targets / 36_259;
      expect(share).toBeGreaterThan(1 / 7);
      expect(share).toBeLessThan(1 / 5);
    }, 120_000);
  },
);
