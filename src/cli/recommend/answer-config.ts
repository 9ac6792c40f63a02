import { z } from 'zod';
import { configGroup, defineConfig } from '../../config/index.ts';

const data = (why: string) =>
  z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(`Data set that the recommender was trained on; ${why}.`);

const count = z.int().min(1).default(10).describe('Items to recommend.');

const width = z
  .int()
  .min(1)
  .default(20)
  .describe('Beams of a generative recommender, at least; more find likelier items, slower.');

/** What `laurel recommend recommend` reads besides the model. */
export const recommendConfig = defineConfig({
  name: 'recommend recommend',
  summary: 'Recommend items to a user of the data, or after a history.',
  groups: {
    question: configGroup('Whom', {
      user: z.string().min(1).nullable().default(null).describe('A user of the data set.'),
      history: z
        .string()
        .nullable()
        .default(null)
        .describe('Keys of items with commas between, oldest first.'),
      data: data('needed for a user'),
    }),
    answer: configGroup('Answer', {
      count,
      width,
      json: z.boolean().default(false).describe('Print JSON.'),
    }),
  },
});

/** What `laurel recommend serve` reads besides the model. */
export const serveConfig = defineConfig({
  name: 'recommend serve',
  summary: 'Answer POST /recommendations over HTTP.',
  groups: {
    address: configGroup('Address', {
      host: z.string().min(1).default('127.0.0.1').describe('Address to listen on.'),
      port: z.int().min(0).max(65535).default(8080).describe('Port; 0: any that is free.'),
    }),
    answers: configGroup('Answers', {
      data: data('lets requests name users'),
      width,
      batchSize: z.int().min(1).default(64).describe('Requests answered together, at most.'),
      waitMs: z
        .number()
        .min(0)
        .default(1)
        .describe('How long a request waits for others to be searched with, at least, ms.'),
    }),
  },
});

/** What `laurel recommend load` reads besides the address or model. */
export const loadConfig = defineConfig({
  name: 'recommend load',
  summary: 'Send many requests to a server and print its latency.',
  groups: {
    load: configGroup('Load', {
      requests: z.int().min(1).default(1000).describe('Requests, one history each.'),
      concurrency: z.int().min(1).max(1000).default(8).describe('Requests under way at a time.'),
      count,
      data: z
        .string()
        .min(1)
        .nullable()
        .default(null)
        .describe('Data set whose test histories are sent; needed for an address.'),
      seed: z.int().min(0).default(0).describe('Of histories drawn where there is no data set.'),
      threads: z
        .int()
        .min(1)
        .default(1)
        .describe('Threads of the server that is started for a model.'),
      json: z.boolean().default(false).describe('Print JSON.'),
    }),
  },
});
