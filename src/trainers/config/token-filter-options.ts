import { z } from 'zod';
import { configGroup } from '../../config/index.ts';

/** Which sampled tokens are trained on; only YAML and flags name a filter, TypeScript passes one. */
export const tokenFilterOptions = configGroup('Token filter', {
  tokenFilter: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('Filter that keeps tokens out of updates, by name, such as capo; null: none.'),
  tokenFilterOptions: z
    .record(z.string(), z.unknown())
    .nullable()
    .default(null)
    .describe('Options of the token filter; null: its own defaults.'),
});
