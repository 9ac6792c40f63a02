import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { latestCheckpoint } from '../../checkpoints/index.ts';
import { type Attempt, localLockOwner, lockOwner } from '../../runs/index.ts';
import type { StoredRun } from '../../runs/store/index.ts';
import type { ActionResponse, ActionState } from '../api.ts';
import { HttpProblem } from '../http-problem.ts';
import { resumeArguments } from './resume-command.ts';
import { noteStopRequest, wasAskedToStop } from './stop-request.ts';

/** What a resumed run prints. */
const consoleName = 'console.log';
/** How long a new process may take to begin with its run. */
const START_SECONDS = 60;

const available: ActionState = { available: true, reason: null };
const refuse = (reason: string): ActionState => ({ available: false, reason });

type Place = Pick<StoredRun, 'folder'>;

/** Stops runs and goes on with them: the two things that the dashboard does to a process. */
export class RunController {
  readonly #trainers: ReadonlySet<string>;
  /** Runs that are being started, by folder: two requests start one process. */
  readonly #starting = new Set<string>();

  /** @param trainers - Commands that a run may be resumed by. */
  constructor(trainers: Iterable<string>) {
    this.#trainers = new Set(trainers);
  }

  canStop({ folder }: Place): ActionState {
    const owner = lockOwner(folder);
    if (owner === undefined) return refuse('It is not running.');
    const local = localLockOwner(folder);
    if (local === undefined) {
      return refuse(
        `It runs as process ${owner.pid} on ${owner.host}, which is not on this machine or in another container; stop it there.`,
      );
    }
    return wasAskedToStop(folder, local)
      ? refuse('It has been asked to stop and is saving a checkpoint.')
      : available;
  }

  /**
   * Asks a run's process to stop, as Ctrl-C does: it saves a checkpoint first.
   * @throws HttpProblem where it is not this machine's to stop.
   */
  stop(run: Place): ActionResponse {
    const { available: may, reason } = this.canStop(run);
    const owner = localLockOwner(run.folder);
    if (!may || owner === undefined) throw new HttpProblem(409, reason ?? 'It is not running.');
    noteStopRequest(run.folder, owner);
    process.kill(owner.pid, 'SIGINT');
    return { pid: owner.pid, message: 'Stopping: it saves a checkpoint after this step.' };
  }

  canResume({ folder }: Place, attempts: readonly Attempt[]): ActionState {
    const last = attempts.at(-1);
    if (lockOwner(folder) !== undefined) return refuse('It is running.');
    if (this.#starting.has(folder)) return refuse('It is being started.');
    if (last === undefined) return refuse('It has no record of how it was started.');
    if (last.outcome === 'finished') return refuse('It has finished.');
    if (last.host !== hostname()) return refuse(`It ran on ${last.host}; resume it there.`);
    if (latestCheckpoint(join(folder, 'checkpoints')) === undefined)
      return refuse('It has no checkpoint to go on from.');
    if (resumeArguments(last, this.#trainers, folder) === undefined)
      return refuse(
        'It was started by a program of yours; go on from there with resumeFromCheckpoint.',
      );
    return existsSync(last.workingFolder ?? '.')
      ? available
      : refuse(`The folder that it was started in, ${last.workingFolder}, is gone.`);
  }

  /**
   * Goes on with a run in a process of its own, which outlives the server.
   * @throws HttpProblem where it cannot, or where the process ends at once; then with what it printed.
   */
  async resume(run: Place, attempts: readonly Attempt[]): Promise<ActionResponse> {
    const { available: may, reason } = this.canResume(run, attempts);
    if (!may) throw new HttpProblem(409, reason!);
    const last = attempts.at(-1)!;
    this.#starting.add(run.folder);
    try {
      const words = resumeArguments(last, this.#trainers, resolve(run.folder))!;
      const child = startDetached(words, run.folder, last.workingFolder);
      await untilRunning(child, run.folder);
      return { pid: child.pid!, message: `Going on; what it prints is in ${consoleName}.` };
    } finally {
      this.#starting.delete(run.folder);
    }
  }
}

function startDetached(
  words: readonly string[],
  folder: string,
  cwd: string | undefined,
): ChildProcess {
  const output = openSync(join(folder, consoleName), 'a');
  try {
    const { LAUREL_DASHBOARD_PASSWORD: _, ...env } = process.env;
    const child = spawn(process.execPath, words, {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', output, output],
    });
    child.unref();
    return child;
  } finally {
    closeSync(output);
  }
}

/** Waits until the process holds its run's lock. */
async function untilRunning(child: ChildProcess, folder: string): Promise<void> {
  let [hasRun, ended] = [false, undefined as string | undefined];
  child.once('error', (error) => {
    ended = error.message;
  });
  child.once('exit', (code, signal) => {
    // It may have had only a step to go, or have been stopped again.
    hasRun = code === 0 || code === 130;
    ended = `it ended with ${signal ?? `code ${code}`}: ${lastWords(folder)}`;
  });
  for (let waited = 0; waited < START_SECONDS * 1000; waited += 100) {
    if (hasRun || (child.pid !== undefined && lockOwner(folder)?.pid === child.pid)) return;
    if (ended !== undefined) throw new HttpProblem(409, `The run did not start: ${ended}`);
    await new Promise((resume) => setTimeout(resume, 100));
  }
}

function lastWords(folder: string): string {
  const lines = readFileSync(join(folder, consoleName), 'utf8').trimEnd().split('\n');
  return lines.slice(-5).join('\n').slice(-1000);
}
