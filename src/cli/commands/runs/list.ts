import { z } from 'zod';
import { configGroup } from '../../../config/index.ts';
import type { RunFilter, StoredRun } from '../../../runs/index.ts';
import { place, shortNumber, stateOf, table, usualKeys } from './table.ts';
import { reading, verb, verbConfig } from './verb.ts';

const text = (what: string) => z.string().min(1).nullable().default(null).describe(what);

const config = verbConfig('list', 'Every run, newest first.', {
  filter: configGroup('Filter', {
    state: z
      .enum(['running', 'interrupted', 'finished', 'failed'])
      .nullable()
      .default(null)
      .describe('Only runs that stand so.'),
    trainer: text('Only runs of this trainer.'),
    tag: text('Only runs with this tag.'),
    paper: text('Only runs of this paper.'),
    name: text('Only runs with this in their name.'),
  }),
});

const lastMetrics = ({ latest }: StoredRun): string =>
  usualKeys
    .flatMap((key) => {
      const value = latest[key];
      return typeof value === 'number' ? [`${key} ${shortNumber(value)}`] : [];
    })
    .join('  ');

function listing(runs: readonly StoredRun[]): string {
  const hasTags = runs.some(({ tags }) => tags.length > 0);
  const rows = runs.map((run) => [
    run.name,
    run.trainer,
    stateOf(run),
    place(run),
    ...(hasTags ? [run.tags.join(', ')] : []),
    lastMetrics(run),
  ]);
  const tags = hasTags ? ['tags'] : [];
  return table([['run', 'trainer', 'status', 'step', ...tags, 'last metrics'], ...rows]);
}

/** `laurel runs list` */
export const listVerb = verb({
  config,
  usage: 'list',
  words: [0, 0],
  run: ({ root, ...options }) =>
    reading(root, (store) => {
      for (const problem of store.problems) console.error(`warning: left out: ${problem}`);
      const given = Object.entries(options).filter(([, value]) => value !== null);
      const runs = store.runs(Object.fromEntries(given) as RunFilter);
      if (runs.length > 0) return listing(runs);
      return given.length > 0 ? `No run in ${root} is such.\n` : `${root} holds no runs.\n`;
    }),
});
