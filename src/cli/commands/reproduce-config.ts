import { z } from 'zod';
import { configGroup, defineConfig } from '../../config/index.ts';

const studyOptions = configGroup('Study', {
  quick: z
    .boolean()
    .default(false)
    .describe(
      'A small version of the whole, in minutes: shows that it runs; its numbers mean little.',
    ),
  seeds: z
    .array(z.int().min(0))
    .min(1)
    .nullable()
    .default(null)
    .describe('Seeds of the runs; null: the study’s own.'),
  match: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('Compute only cells whose name holds this text, and those they need; null: all.'),
  data: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'Folder of real data sets; null: LAUREL_DATA. Without either, parts on real data are left out.',
    ),
});

const computingOptions = configGroup('Computing', {
  out: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('Folder of cells and results; null: runs/reproduce-NAME, with -quick behind it.'),
  workers: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'Cells computed side by side, a process with one thread each; null: one per processor.',
    ),
  resumeRecorded: z
    .boolean()
    .default(false)
    .describe(
      'Go on from the cells recorded with the code: those of the same settings are not computed again.',
    ),
  budgetMinutes: z
    .number()
    .gt(0)
    .nullable()
    .default(null)
    .describe('Begin no cell that would likely end later, minutes; null: until all is computed.'),
});

/** What `laurel reproduce` reads besides the study's name. */
export const reproduceConfig = defineConfig({
  name: 'reproduce',
  summary: 'Run a paper’s study: computes what is missing, writes results.',
  groups: { study: studyOptions, computing: computingOptions },
});
