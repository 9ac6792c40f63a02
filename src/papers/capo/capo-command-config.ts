import { type ConfigOf, configGroup, defineConfig } from '../../config/index.ts';
import {
  checkGrpo,
  generationOptions,
  grpoGroups,
  grpoNames,
  policyLossOptions,
} from '../../trainers/config/index.ts';
import { capoGroup } from './capo-options.ts';

const { shape: generation } = generationOptions.fields;
const { shape: loss } = policyLossOptions.fields;

/** What `laurel capo` reads: the options of `laurel grpo`, with the paper's defaults, and the filter's. */
export const capoCommandConfig = defineConfig({
  name: 'capo',
  summary: 'CAPO: GRPO whose updates leave out tokens that would move the policy too far.',
  ...grpoNames,
  groups: {
    capo: capoGroup,
    ...grpoGroups,
    generation: configGroup(generationOptions.title, {
      ...generation,
      topK: generation.topK.default(50),
      logprobDistribution: generation.logprobDistribution.default('full'),
    }),
    loss: configGroup(policyLossOptions.title, {
      ...loss,
      lossType: loss.lossType.default('grpo'),
    }),
  },
  check: checkGrpo,
});

/** Resolved configuration of `laurel capo`. */
export type CapoCommandConfig = ConfigOf<typeof capoCommandConfig>;
