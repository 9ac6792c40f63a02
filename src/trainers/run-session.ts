import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type Checkpoint, findCheckpoint, verifyCheckpoint } from '../checkpoints/index.ts';
import { ConsoleSink, JsonlSink, MetricsLog } from '../metrics/index.ts';
import { createRun, type Run, type RunStart, resumeRun } from '../runs/index.ts';
import { fingerprint, fingerprintChanges } from './fingerprint.ts';
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
}

/** A run that this process is writing: its folder, its metrics, and the checkpoint it continues from. */
export interface RunSession {
  readonly run: Run;
  readonly log: MetricsLog;
  readonly checkpoint: Checkpoint | undefined;
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
  return outputDir ?? `runs/${runName ?? ''}`;
}

/** The run that a checkpoint belongs to: `run/checkpoints/checkpoint-N`. */
const runOf = ({ path }: Checkpoint): string =>
  basename(dirname(path)) === 'checkpoints' ? dirname(dirname(path)) : dirname(path);

/**
 * Opens a run: a new folder, or an earlier one at the checkpoint that the options name.
 * @throws CheckpointError when there is no whole checkpoint to resume; RunInUseError when another process writes the run.
 */
export async function openSession(
  options: SessionOptions,
  { trainer, configYaml, totalSteps, loggingSteps }: SessionStart,
  { console: stream, onEvent }: TrainerHooks,
): Promise<RunSession> {
  const path = resumePath(options);
  const checkpoint = path === undefined ? undefined : findCheckpoint(path);
  if (checkpoint !== undefined) await verifyCheckpoint(checkpoint);
  const start: RunStart = {
    trainer,
    seed: options.seed,
    configYaml,
    fingerprint: fingerprint(),
    laurelVersion: version(),
    totalSteps,
  };
  const run =
    checkpoint === undefined
      ? createRun(start, { folder: options.outputDir, name: options.runName })
      : resumeRun(runOf(checkpoint), checkpoint.step, start);
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
  return { run, log, checkpoint };
}
