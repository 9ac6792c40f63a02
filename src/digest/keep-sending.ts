import { setTimeout as sleep } from 'node:timers/promises';
import { digestPass, type PassOptions, type PassReport } from './run-digests.ts';

export interface OnceOptions extends PassOptions {
  /** Passes at most, the first included. */
  readonly attempts: number;
}

const wait = (ms: number, signal: AbortSignal | undefined): Promise<unknown> =>
  sleep(Math.max(0, ms), undefined, { signal }).catch(() => undefined);

/** Writes digests once, and tries until everything has left, the passes are used up or the signal says stop. */
export async function digestOnce(options: OnceOptions): Promise<PassReport> {
  const { attempts, now = () => new Date(), signal } = options;
  let report = await digestPass(options);
  for (let pass = 1; pass < attempts && report.nextAttempt !== undefined; pass++) {
    await wait(report.nextAttempt.getTime() - now().getTime(), signal);
    if (signal?.aborted) break;
    const { written } = report;
    report = { ...(await digestPass({ ...options, choose: () => [] })), written };
  }
  return report;
}

export interface EveryOptions extends PassOptions {
  readonly periodMs: number;
  /** When the first digests are due. */
  readonly start: Date;
  readonly onPass?: (report: PassReport) => void;
}

/** Other processes may put messages out, so that nothing waits much longer than this. */
const LONGEST_SLEEP_MS = 30_000;

/** Writes digests each period, and sends what waits in between, until the signal says stop. */
export async function digestEvery(options: EveryOptions): Promise<void> {
  const { periodMs, start, onPass = () => {}, now = () => new Date(), signal } = options;
  let due = start.getTime();
  while (!signal?.aborted) {
    const isDue = now().getTime() >= due;
    const report = await digestPass(isDue ? options : { ...options, choose: () => [] });
    if (isDue && !report.isBusy) {
      // A machine that slept through periods writes one digest, which tells of all of them.
      due += periodMs * (Math.floor((now().getTime() - due) / periodMs) + 1);
      onPass(report);
    }
    const next = Math.min(due, report.nextAttempt?.getTime() ?? due);
    await wait(Math.min(next - now().getTime(), LONGEST_SLEEP_MS), signal);
  }
}
