import { z } from 'zod';
import { type ConfigOf, configGroup, defineConfig } from '../../config/index.ts';
import { mailOptions } from '../../digest/mail-options.ts';

/** What `laurel digest` reads. */
export const digestConfig = defineConfig({
  name: 'digest',
  summary: 'Mail what ended since the last digest: runs, best numbers, plots.',
  groups: {
    digest: configGroup('Digest', {
      to: z
        .array(z.string())
        .default([])
        .describe('Addresses to write to, which become subscribers; none: every subscriber.'),
      every: z
        .enum(['hour', 'day', 'week'])
        .nullable()
        .default(null)
        .describe('Keep running, and write each period; null: write once.'),
      sinceDays: z
        .number()
        .min(0)
        .default(7)
        .describe('Days back that the first digest to a new address looks.'),
      root: z.string().default('runs').describe('Folder that holds the runs.'),
    }),
    mail: mailOptions,
    sending: configGroup('Sending', {
      attempts: z
        .int()
        .min(1)
        .default(5)
        .describe('Tries before a single digest is left for the next call, which sends it.'),
      retrySeconds: z
        .number()
        .positive()
        .default(30)
        .describe('Wait after a try that failed, s; doubled each time, up to an hour.'),
      timeoutSeconds: z
        .number()
        .positive()
        .default(60)
        .describe('How long the mail server may stay silent, s.'),
    }),
  },
});

export type DigestConfig = ConfigOf<typeof digestConfig>;
