import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A line of `metrics.jsonl`. */
export interface MetricsLine {
  readonly step: number;
  readonly time: number;
  readonly [metric: string]: number | null;
}

const lines = (file: string): string[] => readFileSync(file, 'utf8').split('\n').filter(Boolean);

/** What a run logged, line by line. */
export const metricLines = (run: string): MetricsLine[] =>
  lines(join(run, 'metrics.jsonl')).map((line) => JSON.parse(line) as MetricsLine);

const isTiming = (key: string): boolean =>
  /^time|_time$|per_second|runtime|live_tensors|resident/.test(key);

/** What a run logged, without what depends on the clock. */
export const timelessLines = (run: string): Record<string, unknown>[] =>
  metricLines(run).map((line) =>
    Object.fromEntries(Object.entries(line).filter(([key]) => !isTiming(key))),
  );

/** The steps that have a checkpoint, in order. */
export const checkpointSteps = (run: string): number[] =>
  readdirSync(join(run, 'checkpoints'))
    .flatMap((name) => /^checkpoint-(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((left, right) => left - right);

/** The bytes of a checkpoint that must not depend on how often a run was stopped. */
export const checkpointBytes = (run: string, step: number): Record<string, string> =>
  Object.fromEntries(
    ['model.safetensors', 'optimizer.safetensors'].map((name) => [
      name,
      readFileSync(join(run, 'checkpoints', `checkpoint-${step}`, name)).toString('base64'),
    ]),
  );
