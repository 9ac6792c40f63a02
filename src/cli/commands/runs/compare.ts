import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { configGroup, nearestName } from '../../../config/index.ts';
import { ConfigError } from '../../../errors.ts';
import type { RunStore, StoredRun } from '../../../runs/index.ts';
import { place, shortNumber, stateOf, table, usualKeys } from './table.ts';
import { reading, verb, verbConfig } from './verb.ts';

const config = verbConfig(
  'compare',
  'Runs side by side: how they stand, metrics, options that differ.',
  {
    compared: configGroup('Compared', {
      keys: z
        .array(z.string())
        .nullable()
        .default(null)
        .describe(
          'Metrics: the last value, and from the lowest to the highest; null: rewards, accuracies and losses.',
        ),
    }),
  },
);

/** The last value of a metric, and the lowest and highest that it had. */
function describeValue(store: RunStore, { id, latest }: StoredRun, key: string): string {
  const last = latest[key];
  if (typeof last !== 'number') return '';
  const [{ y, min = y, max = y } = { y: [] }] = store.series(id, { keys: [key] });
  const low = min.reduce((least, value) => Math.min(least, value));
  const high = max.reduce((most, value) => Math.max(most, value));
  return `${shortNumber(last)} (${shortNumber(low)} to ${shortNumber(high)})`;
}

function keysOf(runs: readonly StoredRun[], asked: readonly string[] | null): readonly string[] {
  const known = [...new Set(runs.flatMap(({ latest }) => Object.keys(latest)))];
  if (asked === null) return usualKeys.filter((key) => known.includes(key));
  for (const key of asked.filter((each) => !known.includes(each))) {
    const nearest = nearestName(key, known);
    const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
    throw new ConfigError(`keys: none of these runs logged ${JSON.stringify(key)}${hint}`);
  }
  return asked;
}

function optionsOf({ folder }: StoredRun): Readonly<Record<string, unknown>> {
  const file = join(folder, 'config.yaml');
  return existsSync(file) ? ((parse(readFileSync(file, 'utf8')) ?? {}) as object as never) : {};
}

/** Options that say where a run lives, and so always differ. */
const places = new Set(['output_dir', 'run_name', 'resume_from_checkpoint']);

function differences(runs: readonly StoredRun[]): string[][] {
  const options = runs.map(optionsOf);
  const names = [...new Set(options.flatMap(Object.keys))].filter((name) => !places.has(name));
  return names
    .map((name) => [name, ...options.map((each) => JSON.stringify(each[name]) ?? '')])
    .filter(([, first, ...others]) => others.some((value) => value !== first));
}

/** `laurel runs compare` */
export const compareVerb = verb({
  config,
  usage: 'compare RUN RUN …',
  words: [2, 50],
  run: ({ root, keys }, names) =>
    reading(root, (store) => {
      const runs = names.map((name) => store.get(name));
      const rows = keysOf(runs, keys).map((key) => [
        key,
        ...runs.map((run) => describeValue(store, run, key)),
      ]);
      return table([
        ['', ...runs.map(({ name }) => name)],
        ['trainer', ...runs.map(({ trainer }) => trainer)],
        ['status', ...runs.map(stateOf)],
        ['step', ...runs.map(place)],
        ...rows,
        ...differences(runs),
      ]);
    }),
});
