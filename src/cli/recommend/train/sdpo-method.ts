import { trainSdpo } from '../../../papers/rere/baselines/index.ts';
import { dpoOptions } from '../../../trainers/config/index.ts';
import { runGenerative, trainerOptions } from './generative-run.ts';
import { type SdpoConfig, sdpoConfig } from './sdpo-config.ts';
import { trainMethod } from './train-method.ts';

/** `--method sdpo` */
export const sdpoMethod = trainMethod<SdpoConfig>(sdpoConfig, (config, data, hooks) =>
  runGenerative(config, data, (model, further) =>
    trainSdpo({
      ...trainerOptions(config, dpoOptions, hooks),
      ...model,
      ...further,
      negatives: config.negatives,
    }),
  ),
);
