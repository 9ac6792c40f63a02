import { basename, dirname, join } from 'node:path';
import { findIntact, type IntactCheckpoint } from '../checkpoints/index.ts';
import { ConfigError } from '../errors.ts';
import { ConsoleSink, JsonlSink, MetricsLog } from '../metrics/index.ts';
import {
  type AttemptOutcome,
  createRun,
  type Run,
  RunJournal,
  type RunStart,
  resumeRun,
  type StatedOrigin,
  StoreSink,
} from '../runs/index.ts';
import { laurelVersion } from '../version.ts';
import { fingerprint } from './fingerprint.ts';
import { optionChanges } from './option-changes.ts';
import { resumeWarnings } from './resume-warnings.ts';
import { alarmSink, wandbSink } from './session-sinks.ts';
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
  /** Where the policy computes. */
  readonly device: string;
  /** What the run goes on from; undefined: it starts anew. */
  readonly checkpoint: IntactCheckpoint | undefined;
  readonly origin: StatedOrigin;
}

/** How a run ended. */
export interface RunEnding {
  readonly lastStep: number;
  /** Why, where it did not go to its last step. */
  readonly reason?: string;
  /** Step of the checkpoint whose weights it ended with, where that is not the last one. */
  readonly bestStep?: number | undefined;
}

/** A run that this process is writing: its folder and its metrics. */
export interface RunSession {
  readonly run: Run;
  readonly log: MetricsLog;
  readonly journal: RunJournal;
  /** Tells a person on the console, and a program by an event. */
  readonly warn: (message: string, indicator?: string) => void;
  /** What is not as the run was left, to be told; empty where it starts anew. */
  readonly resumeWarnings: readonly string[];
  /** Records how the run ended, and lets go of it. */
  readonly end: (outcome: AttemptOutcome, ending: RunEnding) => void;
}

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
  { trainer, totalSteps, loggingSteps, checkpoint, device, origin, ...own }: SessionStart,
  { console: stream, onEvent, configYaml = own.configYaml }: TrainerHooks,
): RunSession {
  const start: RunStart = {
    trainer,
    seed: options.seed,
    configYaml,
    fingerprint: fingerprint(device),
    laurelVersion: laurelVersion(),
    totalSteps,
    origin,
  };
  const changed = checkpoint && optionChanges(join(runOf(checkpoint), 'config.yaml'), configYaml);
  const run =
    checkpoint === undefined
      ? createRun(start, { folder: options.outputDir, name: options.runName })
      : resumeRun(runOf(checkpoint), checkpoint.step, start);
  const consoleSink = stream === null ? undefined : new ConsoleSink(stream);
  const tell = (message: string): void => {
    consoleSink?.line(`warning: ${message}`);
    onEvent?.({ type: 'warning', message });
  };
  const warn = (message: string, indicator?: string): void => {
    tell(message);
    journal.note(indicator === undefined ? 'warning' : 'monitor', indicator ?? '', message);
  };
  const store = new StoreSink(run, { warn });
  const journal = new RunJournal(run.folder, store, tell);
  const alarms = alarmSink(run, ({ step, name, message }) => {
    consoleSink?.line(`alarm: ${name}: ${message}`);
    journal.note('alarm', name, message, step);
    onEvent?.({ type: 'alarm', step, name, message });
  });
  const file = new JsonlSink(run.metricsFile);
  const tracker = wandbSink(run, configYaml, warn);
  const sinks = [file, consoleSink, store, alarms, tracker].filter((sink) => sink !== undefined);
  const log = new MetricsLog({ sinks, loggingSteps, loggingFirstStep: options.loggingFirstStep });
  const toldOnResume = checkpoint ? resumeWarnings(run, checkpoint, changed ?? []) : [];
  journal.step = checkpoint?.step ?? 0;
  store.open();
  journal.note('start', '', startMessage(checkpoint));
  const end = (outcome: AttemptOutcome, ending: RunEnding): void => {
    journal.note('end', outcome, endMessage(outcome, ending), ending.lastStep);
    run.close(outcome, ending);
    store.end();
    tracker?.end(outcome);
  };
  return { run, log, journal, warn, resumeWarnings: toldOnResume, end };
}

const startMessage = (checkpoint: IntactCheckpoint | undefined): string =>
  checkpoint === undefined ? 'started' : `went on from step ${checkpoint.step}`;

const endMessage = (outcome: AttemptOutcome, { lastStep, reason }: RunEnding): string =>
  `${outcome} after step ${lastStep}${reason === undefined ? '' : `: ${reason}`}`;
