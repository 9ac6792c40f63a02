import { z } from 'zod';
import { type ConfigOf, configGroup, defineConfig } from '../../config/index.ts';

/** The filter's options, by the names of the published recipes where they have one. */
export const capoGroup = configGroup('CAPO', {
  fisherTokenMaskTau: z
    .number()
    .gt(0)
    .default(1e-4)
    .describe(
      'τ_F: tokens whose update would change the policy by this KL, in nats, are rejected.',
    ),
  hessianTokenMaskTau: z
    .number()
    .gt(0)
    .default(1e-2)
    .describe('τ_H: tokens whose update would change the objective by this much are rejected.'),
  hessianSymmetricClipping: z
    .boolean()
    .default(true)
    .describe('Bound the change of the objective on both sides; false: it must not be negative.'),
  optimModelType: z
    .enum(['adam', 'sgd', 'head'])
    .default('adam')
    .describe(
      'How the optimiser is modelled: adam with moments of its own for the rows it has seen, sgd, or by the moments the optimiser holds of the head.',
    ),
  filterLevel: z
    .enum(['token', 'sequence', 'batch'])
    .default('token')
    .describe('What is rejected as one.'),
  filterTopK: z
    .int()
    .min(2)
    .default(50)
    .describe('Likeliest tokens that the model of the head is restricted to.'),
});

/** What `token_filter_options` of the filter `capo` may hold. */
export const capoConfig = defineConfig({
  name: 'capo',
  summary: 'The token filter capo.',
  groups: { capo: capoGroup },
});

/** Resolved options of the filter. */
export type CapoConfig = ConfigOf<typeof capoConfig>;
