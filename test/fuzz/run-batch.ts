import { fork } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Report, Summary } from './batch.ts';

/** An input that a reader did not bear. */
export interface Finding {
  readonly target: string;
  readonly index: number;
  readonly kind: 'problem' | 'memory' | 'crash' | 'hang';
  readonly text: string;
}

/** Inputs `from` … `to` − 1 of a target. */
export interface Batch {
  readonly target: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
}

export interface BatchResult {
  /** The first input that was not read: `to`, or the one after a crash or hang. */
  readonly next: number;
  readonly findings: readonly Finding[];
  readonly summary: Summary | undefined;
}

/** An input that takes longer is a hang. Counted in turns of a timer, so that a paused machine does not count. */
export const HANG_MS = 10_000;
const TICK_MS = 250;
/** A child's start, and its warm-up, in turns of the timer. */
const START_TICKS = 480;
const HEAP_MIB = 512;
const STDERR_KEPT = 2000;

const child = fileURLToPath(new URL('./batch.ts', import.meta.url));
const loader = ['--import', 'jiti/register'];

function indexIn(progressFile: string): number | undefined {
  const text = existsSync(progressFile) ? readFileSync(progressFile, 'utf8').trim() : '';
  return text === '' ? undefined : Number(text);
}

/** Reads a batch in a child process, which may die or hang. */
export function runBatch({ target, seed, from, to }: Batch, root: string): Promise<BatchResult> {
  const progressFile = join(root, 'progress');
  rmSync(progressFile, { force: true });
  const args = [target, seed, from, to, root, progressFile].map(String);
  const running = fork(child, args, {
    execArgv: [...loader, `--max-old-space-size=${HEAP_MIB}`],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const findings: Finding[] = [];
  let summary: Summary | undefined;
  let stderr = '';
  running.stderr?.on('data', (text: Buffer) => {
    stderr = `${stderr}${text}`.slice(-STDERR_KEPT);
  });
  running.on('message', (message) => {
    const said = message as Report | Summary;
    if (said.kind === 'summary') summary = said;
    else findings.push({ target, ...said });
  });
  const watch = watchProgress(progressFile, () => running.kill('SIGKILL'));
  return new Promise((resolve, reject) => {
    running.on('error', reject);
    running.on('close', (code, signal) => {
      const hung = watch.stop();
      if (summary !== undefined && code === 0) return resolve({ next: to, findings, summary });
      const index = indexIn(progressFile) ?? from;
      const how = `the process ended with ${signal ?? `code ${code}`}`;
      const text = hung ? `no end after ${HANG_MS / 1000} s` : `${how}: ${stderr}`;
      findings.push({ target, index, kind: hung ? 'hang' : 'crash', text });
      resolve({ next: index + 1, findings, summary: undefined });
    });
  });
}

/** Calls `onHang` once an input takes too long. */
function watchProgress(file: string, onHang: () => void): { stop: () => boolean } {
  let [last, still, hung] = [undefined as number | undefined, 0, false];
  const timer = setInterval(() => {
    const index = indexIn(file);
    still = index === last ? still + 1 : 0;
    last = index;
    if (still < (index === undefined ? START_TICKS : HANG_MS / TICK_MS) || hung) return;
    hung = true;
    onHang();
  }, TICK_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return hung;
    },
  };
}
