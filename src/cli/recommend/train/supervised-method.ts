import { trainSupervisedRecommender } from '../../../recommendation/index.ts';
import { sftOptions } from '../../../trainers/config/index.ts';
import { runGenerative, trainerOptions } from './generative-run.ts';
import { type SupervisedConfig, supervisedConfig } from './supervised-config.ts';
import { trainMethod } from './train-method.ts';

/** `--method supervised` */
export const supervisedMethod = trainMethod<SupervisedConfig>(
  supervisedConfig,
  (config, data, hooks) =>
    runGenerative(config, data, (model, further) =>
      trainSupervisedRecommender({
        ...trainerOptions(config, sftOptions, hooks),
        ...model,
        ...further,
      }),
    ),
);
