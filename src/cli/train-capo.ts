import { type CapoCommandConfig, capoCommandConfig } from '../papers/capo/capo-command-config.ts';
import { makeCapoFilter } from '../papers/capo/make-capo-filter.ts';
import { groupTrainCommand } from './train-grpo.ts';

/** `laurel capo` */
export const capoCommand = groupTrainCommand<CapoCommandConfig>(
  capoCommandConfig,
  (config, { model }) => makeCapoFilter(config, { ...config, vocabSize: model.config.vocabSize }),
);
