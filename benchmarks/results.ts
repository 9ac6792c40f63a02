import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Processor, readProcessor } from '../src/tensor/processor.ts';
import { markdownTable, mergeResults, type Result } from './table.ts';

const folder = new URL('results/', import.meta.url);

/** Lower-case letters and digits joined by hyphens. */
export const slug = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');

/** With the widest vectors it has: processors of one model name differ in them. */
export function processorName({ model, features }: Processor = readProcessor()): string {
  const widest = ['AVX-512', 'AVX2'].find((name) => features.includes(name));
  return widest === undefined ? model : `${model} (${widest})`;
}

const processor = processorName();

/** What the machine is, for records: no host name, no path. */
export const machine = {
  processor,
  cores: cpus().length,
  memoryGigabytes: Math.round(totalmem() / 2 ** 30),
  node: process.version,
};

/** The commit that is measured, marked where the working tree differs from it. */
export function revision(): string {
  const git = (...args: string[]) =>
    spawnSync('git', args, { encoding: 'utf8', cwd: fileURLToPath(folder) }).stdout?.trim() ?? '';
  const commit = git('rev-parse', '--short', 'HEAD');
  const changed = git('status', '--porcelain', '--', '../../src', '../../native', '..') !== '';
  return commit === '' ? 'unknown' : `${commit}${changed ? ' with changes' : ''}`;
}

const today = () => new Date().toISOString().slice(0, 10);

/** A file in benchmarks/results/ for today and this processor. */
export function resultFile(kind: string, extension: 'json' | 'md'): URL {
  mkdirSync(folder, { recursive: true });
  return new URL(`${kind}-${today()}-${slug(processor)}.${extension}`, folder);
}

interface Recorded {
  readonly results: readonly Result[];
}

const readEarlier = (file: URL): readonly Result[] =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Recorded).results : [];

function note({ name, notes, load, measuredAt, revision: commit }: Result): string {
  const about = `measured ${measuredAt.slice(0, 16)}Z at ${commit}, load average before ${load.averageBefore.toFixed(1)}, others ${load.others.toFixed(2)} processors`;
  return [`- ${name}: ${about}`, ...notes.map((text) => `  - ${text}`)].join('\n');
}

/** The record as Markdown: machine, table, notes. */
export function report(results: readonly Result[]): string {
  const { cores, memoryGigabytes, node } = machine;
  const heading = `${processor}, ${cores} cores, ${memoryGigabytes} GB; Node ${node}.`;
  const how =
    'Medians of alternating pairs; ratios are taken pair by pair. The floor is the same matrix products alone, and for sampling the cache read once, measured beside each pair.';
  return `${heading} ${how}\n\n${markdownTable(results)}\n\n${results.map(note).join('\n')}\n`;
}

/** Writes today's results beside those of other rows measured today, and says where. */
export function record(fresh: readonly Result[], names: readonly string[], kind = 'speed'): string {
  const file = resultFile(kind, 'json');
  const results = mergeResults(readEarlier(file), fresh, names);
  writeFileSync(file, `${JSON.stringify({ machine, results }, null, 2)}\n`);
  writeFileSync(resultFile(kind, 'md'), report(results));
  return `benchmarks/results/${file.pathname.split('/').at(-1)}`;
}
