import { z } from 'zod';
import { configGroup, defineConfig } from '../../config/index.ts';

/** What `laurel recommend evaluate` reads besides the models. */
export const evaluateConfig = defineConfig({
  name: 'recommend evaluate',
  summary: 'Measure recommenders and popularity side by side, ranking all items.',
  groups: {
    questions: configGroup('Questions', {
      data: z
        .string()
        .min(1)
        .describe('Prepared data set, or a folder that `laurel recommend prepare` reads.'),
      split: z.enum(['test', 'valid']).default('test').describe('Which questions to ask.'),
      maxQuestions: z
        .int()
        .min(1)
        .nullable()
        .default(null)
        .describe('Ask this many, spread evenly over the split; null: all.'),
    }),
    measures: configGroup('Measures', {
      ks: z
        .array(z.int().min(1))
        .min(1)
        .default([1, 3, 5, 10, 20, 50])
        .describe('Cut-offs K of HR@K and NDCG@K; the largest is how many items are asked for.'),
      historyItems: z
        .enum(['kept', 'left-out'])
        .default('kept')
        .describe(
          'kept: items of a history are ranked like all others, as TIGER and ReRe published; left-out: no recommender may give them.',
        ),
      width: z
        .int()
        .min(1)
        .nullable()
        .default(null)
        .describe(
          'Beams of a generative recommender; null: the largest cut-off and, where they are left out, room for the items of the history.',
        ),
      batchSize: z.int().min(1).default(64).describe('Histories read at one time.'),
    }),
    output: configGroup('Output', {
      markdown: z
        .string()
        .min(1)
        .nullable()
        .default(null)
        .describe('Also write the table to this file.'),
      json: z
        .string()
        .min(1)
        .nullable()
        .default(null)
        .describe('Also write everything measured, ranks included, to this JSON file.'),
    }),
  },
});
