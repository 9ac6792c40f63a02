import { join } from 'node:path';
import { type ConfigOf, defineConfig } from '../../../config/index.ts';
import {
  sasrecOptions,
  saveSasrecRecommender,
  trainSasrec,
} from '../../../recommendation/index.ts';
import { sasrecSizes, sasrecTraining } from '../../../recommendation/sasrec/sasrec-options.ts';
import { pickOptions } from '../../resolve/pick-options.ts';
import { trainerHooks } from '../../trainer-hooks.ts';
import { filesGroup } from './shared-options.ts';
import { trainMethod } from './train-method.ts';

const sasrecConfig = defineConfig({
  name: 'recommend train',
  summary: 'Train a recommender. SASRec: self-attention over item histories.',
  groups: { files: filesGroup('sasrec'), sizes: sasrecSizes, training: sasrecTraining },
  check: sasrecOptions.check as never,
});

/** `--method sasrec` */
export const sasrecMethod = trainMethod<ConfigOf<typeof sasrecConfig>>(
  sasrecConfig,
  async (config, data, hooks) => {
    const { model, result } = await trainSasrec({
      ...pickOptions(config, sasrecOptions),
      ...trainerHooks(hooks),
      outputDir: config.outputDir ?? join(config.out, 'run'),
      data,
    });
    if (result.outcome === 'finished') saveSasrecRecommender(config.out, model, data);
    return result;
  },
);
