import { type ConfigOf, defineConfig } from '../../../config/index.ts';
import { writeRecommenderFile } from '../../../recommendation/index.ts';
import { filesGroup } from './shared-options.ts';
import { trainMethod } from './train-method.ts';

const popularityConfig = defineConfig({
  name: 'recommend train',
  summary: 'Train a recommender. Popularity: what most users took, the same for everybody.',
  groups: { files: filesGroup('popularity') },
});

/** `--method popularity` */
export const popularityMethod = trainMethod<ConfigOf<typeof popularityConfig>>(
  popularityConfig,
  async ({ out }, { name, items, popularity }) => {
    const settings = { method: 'popularity', dataset: name, settings: {} };
    writeRecommenderFile(out, { ...settings, popularity: [...popularity], items });
    return null;
  },
);
