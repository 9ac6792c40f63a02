import { mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { configGroup } from '../../../config/index.ts';
import { ConfigError } from '../../../errors.ts';
import {
  type MetricsLine,
  metricsCsv,
  type RunStore,
  type StoredRun,
  tensorboardEvents,
} from '../../../runs/index.ts';
import { assertWritable } from '../../writable-file.ts';
import { reading, verb, verbConfig } from './verb.ts';

const config = verbConfig('export', 'Write metrics as CSV, JSON or TensorBoard event files.', {
  export: configGroup('Export', {
    format: z
      .enum(['csv', 'json', 'tensorboard'])
      .default('csv')
      .describe('`json` has events, attempts and notes too.'),
    output: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe(
        'File, or folder for several runs and for TensorBoard (`tensorboard --logdir` reads it); null: standard output.',
      ),
    keys: z.array(z.string()).nullable().default(null).describe('Metrics; null: all.'),
  }),
});

type Format = 'csv' | 'json' | 'tensorboard';

/** Everything of a run, down to the keys asked for. */
function contentOf(store: RunStore, run: StoredRun, keys: readonly string[] | null) {
  const wanted = keys ?? store.metricKeys(run.id);
  const unknown = wanted.find((key) => !Object.hasOwn(run.latest, key));
  if (unknown !== undefined)
    throw new ConfigError(`keys: ${run.name} logged no ${JSON.stringify(unknown)}`);
  const lines = store.lines(run.id).map(({ metrics, ...line }): MetricsLine => {
    const kept = wanted.flatMap((key) => (key in metrics ? [[key, metrics[key]!] as const] : []));
    return { ...line, metrics: Object.fromEntries(kept) };
  });
  return { keys: wanted, lines };
}

function encode(store: RunStore, run: StoredRun, format: Format, keys: readonly string[] | null) {
  const content = contentOf(store, run, keys);
  if (format === 'tensorboard') return tensorboardEvents(content.lines);
  if (format === 'csv') return metricsCsv(content.lines, content.keys);
  const { id, ...rest } = run;
  const all = {
    ...rest,
    attempts: store.attempts(id),
    events: store.events(id),
    lines: content.lines,
  };
  return `${JSON.stringify(all, null, 2)}\n`;
}

/** TensorBoard finds event files by their name, and names a run after the folder that one is in. */
function fileOf(output: string, { folder, createdAt }: StoredRun, format: Format): string {
  const run = basename(folder);
  if (format !== 'tensorboard') return join(output, `${run}.${format}`);
  const seconds = Math.floor(Date.parse(createdAt) / 1000);
  mkdirSync(join(output, run), { recursive: true });
  return join(output, run, `events.out.tfevents.${seconds}.${hostname()}.laurel`);
}

/** `laurel runs export` */
export const exportVerb = verb({
  config,
  usage: 'export RUN …',
  words: [1, 10_000],
  run: ({ root, format, output, keys }, names) =>
    reading(root, (store) => {
      const runs = names.map((name) => store.get(name));
      const isOne = runs.length === 1 && format !== 'tensorboard';
      if (isOne && output === null) return String(encode(store, runs[0]!, format, keys));
      if (output === null)
        throw new ConfigError(
          `output: ${format === 'tensorboard' ? 'event files need' : 'several runs need'} a folder; name one with --output`,
        );
      if (isOne) assertWritable('--output', output);
      else mkdirSync(output, { recursive: true });
      const files = runs.map((run) => {
        const file = isOne ? output : fileOf(output, run, format);
        writeFileSync(file, encode(store, run, format, keys));
        return file;
      });
      return `${files.join('\n')}\n`;
    }),
});
