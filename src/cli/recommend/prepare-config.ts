import { z } from 'zod';
import { type ConfigOf, configGroup, defineConfig } from '../../config/index.ts';

const nullableText = () => z.string().min(1).nullable().default(null);

/** What `laurel recommend prepare` reads besides the source. */
export const prepareConfig = defineConfig({
  name: 'recommend prepare',
  summary: 'Make a data set of a log: filter, split, and say what was left out.',
  groups: {
    files: configGroup('Files', {
      out: z.string().min(1).describe('Folder to write; an earlier data set in it is replaced.'),
      name: nullableText().describe('Name of the data set; null: the source’s.'),
      items: nullableText().describe(
        'File of items: JSON lines, CSV, JSON, Parquet or .item; null: that of the source’s folder, where there is one.',
      ),
      index: nullableText().describe(
        'File of semantic ids, {"item": ["<a_1>", "<b_7>", …]}; null: that of the source’s folder, where there is one.',
      ),
    }),
    columns: configGroup('Columns', {
      userColumn: nullableText().describe('Column of users; null: user_id or the like.'),
      itemColumn: nullableText().describe('Column of items; null: item_id or the like.'),
      timeColumn: nullableText().describe(
        'Column of times, numbers or ISO dates; null: timestamp or the like; without any, the order of the file counts.',
      ),
      itemKeyColumn: nullableText().describe(
        'Column of the items file that names the item as the log does; null: item_id or the like.',
      ),
      titleColumn: nullableText().describe('Column of titles; null: title or the like.'),
      textColumns: z
        .array(z.string().min(1))
        .nullable()
        .default(null)
        .describe(
          'Columns of what else is written about an item; null: description, brand, categories and the like.',
        ),
    }),
    filters: configGroup('Filters', {
      minUserEvents: z
        .int()
        .min(1)
        .default(1)
        .describe('Fewest events of a user that stays; published data sets have 5.'),
      minItemEvents: z
        .int()
        .min(1)
        .default(1)
        .describe('Fewest events of an item that stays; published data sets have 5.'),
      repeats: z
        .enum(['none', 'event', 'item'])
        .default('event')
        .describe(
          'What is left out as repeated: nothing; `event`: same user, item and time; `item`: same user and item.',
        ),
      requireTitle: z
        .boolean()
        .default(false)
        .describe('Leave out events whose item has no title.'),
      requireSemanticId: z
        .boolean()
        .default(false)
        .describe('Leave out events whose item has no semantic id.'),
      keepUntakenItems: z
        .boolean()
        .default(false)
        .describe('Keep listed items that nobody took, so that they can be recommended.'),
    }),
    split: configGroup('Split', {
      split: z
        .enum(['leave-one-out', 'time'])
        .default('leave-one-out')
        .describe(
          '`leave-one-out`: each user’s last item is test, the one before it valid; `time`: what follows each prefix, by time 8:1:1.',
        ),
      maxHistory: z
        .int()
        .min(1)
        .nullable()
        .default(null)
        .describe('Items kept of a question’s history, the latest; null: all.'),
    }),
  },
});

export type PrepareConfig = ConfigOf<typeof prepareConfig>;
