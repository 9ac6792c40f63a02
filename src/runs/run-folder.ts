import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { clearTemporaries, writeFileDurably } from '../checkpoints/durable-files.ts';
import { latestCheckpoint } from '../checkpoints/find-checkpoint.ts';
import { supersedeCheckpointsAfter } from '../checkpoints/save-checkpoint.ts';
import { ConfigError, StorageError } from '../errors.ts';
import { cutMetricsAfter, type MetricsCut } from '../metrics/jsonl-sink.ts';
import { cutCompletionsAfter } from './completion-store.ts';
import { gitRevision } from './git-revision.ts';
import { cutEventsAfter } from './run-events.ts';
import { lockRun, type RunLock } from './run-lock.ts';
import {
  type Attempt,
  type AttemptOutcome,
  isRunFolder,
  type RunRecord,
  readRunRecord,
  type StatedOrigin,
  writeRunRecord,
} from './run-record.ts';

/** What a run is started with. */
export interface RunStart {
  trainer: string;
  seed: number;
  /** The resolved configuration as YAML. */
  configYaml: string;
  fingerprint: Readonly<Record<string, unknown>>;
  laurelVersion: string;
  totalSteps?: number | null;
  command?: readonly string[];
  /** Where the run comes from, where its starter knows better than its command and options tell. */
  origin?: StatedOrigin;
}

/** Where a run lives: its own folder, or a new one below `root`. */
export interface RunPlace {
  /** The run's folder; it must not hold a run already. */
  folder?: string | null;
  root?: string;
  /** Name of a new folder below root; a number is added when it is taken. */
  name?: string | null;
  now?: Date;
}

/**
 * Creates a run folder, takes its lock and records the first attempt.
 * @throws ConfigError when `folder` holds a run already or cannot be made; RunInUseError when a process is writing it.
 */
export function createRun(start: RunStart, place: RunPlace = {}): Run {
  try {
    return makeRun(start, place);
  } catch (error) {
    const { syscall, message } = error as NodeJS.ErrnoException;
    if (syscall === undefined && !(error instanceof StorageError)) throw error;
    throw new ConfigError(
      `${place.folder ?? place.root ?? 'runs'}: the run folder cannot be made: ${message}; choose another output_dir`,
      { cause: error },
    );
  }
}

function makeRun(
  start: RunStart,
  { folder, root = 'runs', name, now = new Date() }: RunPlace,
): Run {
  const path = folder ?? uniqueFolder(root, name ?? `${start.trainer}-${timestamp(now)}`);
  mkdirSync(path, { recursive: true });
  const lock = lockRun(path);
  try {
    if (isRunFolder(path)) throw takenError(path);
    for (const child of ['completions', 'tokens', 'checkpoints'])
      mkdirSync(join(path, child), { recursive: true });
    writeFileDurably(join(path, 'config.yaml'), start.configYaml);
    writeFileSync(join(path, 'metrics.jsonl'), '', { flag: 'a' });
    const { trainer, seed, laurelVersion, totalSteps = null } = start;
    const record: RunRecord = {
      name: basename(resolve(path)),
      trainer,
      seed,
      createdAt: now.toISOString(),
      laurelVersion,
      totalSteps,
      attempts: [newAttempt(start, 0)],
      ...(start.origin && { origin: start.origin }),
    };
    writeRunRecord(path, record);
    return new Run(path, lock, record);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * Takes up a run at a checkpoint: locks it, cuts metrics and completions past the step, sets later checkpoints
 * aside, and records the attempt.
 * @returns the run; its record holds the earlier attempts, whose fingerprint may be compared.
 */
export function resumeRun(folder: string, step: number, start: RunStart): Run {
  if (!isRunFolder(folder)) throw new ConfigError(`${folder}: holds no run (run.json) to resume`);
  const lock = lockRun(folder);
  try {
    const record = readRunRecord(folder);
    if (record.trainer !== start.trainer) {
      throw new ConfigError(
        `${folder}: is a run of ${record.trainer}, and ${start.trainer} cannot resume it`,
      );
    }
    for (const part of ['.', 'completions', 'tokens']) clearTemporaries(join(folder, part));
    const cut = cutMetricsAfter(join(folder, 'metrics.jsonl'), step);
    cutEventsAfter(folder, step);
    cutCompletionsAfter(folder, step);
    supersedeCheckpointsAfter(join(folder, 'checkpoints'), step);
    keepEarlierConfig(folder, record.attempts.length, start.configYaml);
    writeFileDurably(join(folder, 'config.yaml'), start.configYaml);
    const attempts = [...record.attempts, newAttempt(start, step)];
    const resumed = { ...record, totalSteps: start.totalSteps ?? record.totalSteps, attempts };
    writeRunRecord(folder, resumed);
    return new Run(folder, lock, resumed, cut);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Keeps the options of the attempts so far as `config.attempt-N.yaml` where the next one has others. */
function keepEarlierConfig(folder: string, attempts: number, configYaml: string): void {
  const file = join(folder, 'config.yaml');
  if (!existsSync(file) || readFileSync(file, 'utf8') === configYaml) return;
  copyFileSync(file, join(folder, `config.attempt-${attempts}.yaml`));
}

/** A run that this process is writing. */
export class Run {
  readonly folder: string;
  /** What was cut off the metrics when the run was taken up; undefined in a first attempt. */
  readonly metricsCut: MetricsCut | undefined;
  private readonly lock: RunLock;
  private current: RunRecord;

  constructor(folder: string, lock: RunLock, record: RunRecord, metricsCut?: MetricsCut) {
    this.folder = folder;
    this.metricsCut = metricsCut;
    this.lock = lock;
    this.current = record;
  }

  get record(): RunRecord {
    return this.current;
  }

  get name(): string {
    return this.current.name;
  }

  get metricsFile(): string {
    return join(this.folder, 'metrics.jsonl');
  }

  get checkpointsFolder(): string {
    return join(this.folder, 'checkpoints');
  }

  /** The settings the attempt before this one ran under; undefined in a first attempt. */
  get previousFingerprint(): Readonly<Record<string, unknown>> | undefined {
    return this.current.attempts.at(-2)?.fingerprint;
  }

  /** Records the number of steps, once it is known. */
  setTotalSteps(totalSteps: number): void {
    this.current = { ...this.current, totalSteps };
    writeRunRecord(this.folder, this.current);
  }

  /**
   * Records how this attempt ended and lets go of the run. One that failed may be unable to record it, on a full disk
   * say: then it stands as killed, and the error that it failed with is for its caller to throw.
   */
  close(
    outcome: AttemptOutcome,
    {
      lastStep,
      reason,
      bestStep,
    }: { lastStep?: number; reason?: string; bestStep?: number | undefined } = {},
  ): void {
    const ended: Partial<Attempt> = {
      endedAt: new Date().toISOString(),
      outcome,
      ...(lastStep === undefined ? {} : { lastStep }),
      ...(reason === undefined ? {} : { reason }),
      ...(bestStep === undefined ? {} : { bestStep }),
    };
    const attempts = this.current.attempts.map((attempt, index, all) =>
      index === all.length - 1 ? { ...attempt, ...ended } : attempt,
    );
    this.current = { ...this.current, attempts };
    try {
      writeRunRecord(this.folder, this.current);
    } catch (error) {
      if (outcome !== 'failed' || !(error instanceof StorageError)) throw error;
    } finally {
      this.lock.release();
    }
  }
}

function newAttempt(
  { fingerprint, command = process.argv.slice(1) }: RunStart,
  fromStep: number,
): Attempt {
  return {
    startedAt: new Date().toISOString(),
    pid: process.pid,
    host: hostname(),
    fromStep,
    gitRevision: gitRevision(),
    fingerprint,
    command,
    workingFolder: process.cwd(),
  };
}

/** The first of `name`, `name-2`, `name-3` … that no folder has; made at once, so that two processes never share one. */
function uniqueFolder(root: string, name: string): string {
  mkdirSync(root, { recursive: true });
  for (let number = 1; ; number++) {
    const folder = join(root, number === 1 ? name : `${name}-${number}`);
    if (existsSync(folder)) continue;
    try {
      mkdirSync(folder);
      return folder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function takenError(folder: string): ConfigError {
  const checkpoint = latestCheckpoint(join(folder, 'checkpoints'));
  const resume =
    checkpoint === undefined
      ? `, or delete this one: it holds nothing to resume from`
      : `; resume it from step ${checkpoint.step} with --resume_from_checkpoint true`;
  const content = readdirSync(folder).length;
  return new ConfigError(
    `${folder}: holds a run already (${content} entries); choose another output_dir${resume}`,
  );
}

function timestamp(now: Date): string {
  const pad = (value: number) => String(value).padStart(2, '0');
  const day = `${now.getFullYear()}${pad(now.getMonth() + 1)}${pad(now.getDate())}`;
  return `${day}-${pad(now.getHours())}${pad(now.getMinutes())}${pad(now.getSeconds())}`;
}
