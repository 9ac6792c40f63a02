import { z } from 'zod';
import { configGroup, defineConfig } from '../../config/index.ts';
import { mailOptions } from '../../digest/mail-options.ts';

/** What `laurel dashboard` reads. */
export const dashboardConfig = defineConfig({
  name: 'dashboard',
  summary: 'Show runs in the browser, live: curves, completions, options, stop and resume.',
  groups: {
    server: configGroup('Dashboard', {
      root: z.string().min(1).default('runs').describe('Folder that holds run folders.'),
      port: z.int().min(0).max(65_535).default(7777).describe('Port; 0: any that is free.'),
      host: z
        .string()
        .min(1)
        .default('127.0.0.1')
        .describe('Address to listen on; others than this machine’s own need a password.'),
      password: z
        .string()
        .refine((password) => password.length >= 8, 'expected at least 8 characters')
        .nullable()
        .default(null)
        .describe(
          'Asked for in the browser; better in LAUREL_DASHBOARD_PASSWORD, where ps does not show it.',
        ),
      allowedHosts: z
        .array(z.string().min(1))
        .default([])
        .describe('Further names that the dashboard is reached by, behind a proxy say.'),
      open: z.boolean().default(false).describe('Open it in the browser.'),
    }),
    mail: mailOptions,
  },
});
