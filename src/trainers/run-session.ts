import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { findIntact, type IntactCheckpoint } from '../checkpoints/index.ts';
import { ConfigError } from '../errors.ts';
import { ConsoleSink, JsonlSink, MetricsLog } from '../metrics/index.ts';
import { createRun, type Run, type RunStart, resumeRun } from '../runs/index.ts';
import { fingerprint, fingerprintChanges } from './fingerprint.ts';
import { optionChanges } from './option-changes.ts';
import type { TrainerHooks } from './trainer-events.ts';

/** The options that say where a run lives and how it is taken up. */
export interface SessionOptions {
  readonly outputDir: string | null;
  readonly runName: string | null;
  readonly resumeFromCheckpoint: boolean | string | null;
  readonly seed: number;
  readonly loggingFirstStep: boolean;
}

export interface SessionStart {
  readonly trainer: string;
  readonly configYaml: string;
  readonly totalSteps: number;
  readonly loggingSteps: number;
  /** What the run goes on from; undefined: it starts anew. */
  readonly checkpoint: IntactCheckpoint | undefined;
}

/** A run that this process is writing: its folder and its metrics. */
export interface RunSession {
  readonly run: Run;
  readonly log: MetricsLog;
}

const version = (): string => {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
};

function resumePath({
  resumeFromCheckpoint,
  outputDir,
  runName,
}: SessionOptions): string | undefined {
  if (resumeFromCheckpoint === null || resumeFromCheckpoint === false) return undefined;
  if (typeof resumeFromCheckpoint === 'string') return resumeFromCheckpoint;
  if (outputDir === null && runName === null) {
    throw new ConfigError(
      'resume_from_checkpoint: true needs output_dir or run_name to say which run; or give the folder of a run or checkpoint',
    );
  }
  return outputDir ?? `runs/${runName}`;
}

/**
 * The checkpoint that the options ask to resume, unharmed: of a run, the newest that is; undefined where a run starts anew.
 * @throws CheckpointError when there is none.
 */
export async function findResumed(options: SessionOptions): Promise<IntactCheckpoint | undefined> {
  const path = resumePath(options);
  return path === undefined ? undefined : findIntact(path);
}

/** The run that a checkpoint belongs to: `run/checkpoints/checkpoint-N`. */
const runOf = ({ path }: IntactCheckpoint): string =>
  basename(dirname(path)) === 'checkpoints' ? dirname(dirname(path)) : dirname(path);

/**
 * Opens a run: a new folder, or that of the checkpoint it goes on from.
 * @throws RunInUseError when another process writes the run.
 */
export function openSession(
  options: SessionOptions,
  { trainer, configYaml, totalSteps, loggingSteps, checkpoint }: SessionStart,
  { console: stream, onEvent }: TrainerHooks,
): RunSession {
  const start: RunStart = {
    trainer,
    seed: options.seed,
    configYaml,
    fingerprint: fingerprint(),
    laurelVersion: version(),
    totalSteps,
  };
  const changed =
    checkpoint === undefined
      ? []
      : optionChanges(join(runOf(checkpoint), 'config.yaml'), configYaml);
  const run =
    checkpoint === undefined
      ? createRun(start, { folder: options.outputDir, name: options.runName })
      : resumeRun(runOf(checkpoint), checkpoint.step, start);
  if (changed.length > 0) {
    const message = `resuming with other options than the run was started with (${changed.join('; ')})`;
    onEvent?.({ type: 'warning', message });
  }
  for (const { name, problem } of checkpoint?.passedOver ?? []) {
    const message = `${name} is damaged (${problem}); going on from step ${checkpoint?.step}, before it`;
    onEvent?.({ type: 'warning', message });
  }
  const changes =
    run.previousFingerprint === undefined
      ? []
      : fingerprintChanges(run.previousFingerprint, start.fingerprint);
  if (changes.length > 0) {
    const message = `resuming on other arithmetic, so bits may differ from an uninterrupted run (${changes.join('; ')})`;
    onEvent?.({ type: 'warning', message });
  }
  const sinks = [
    new JsonlSink(run.metricsFile),
    ...(stream === null ? [] : [new ConsoleSink(stream)]),
  ];
  const log = new MetricsLog({ sinks, loggingSteps, loggingFirstStep: options.loggingFirstStep });
  return { run, log };
}
