// How busy the machine is with other people's work, from Linux's own counters.
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';

/** Linux's clock ticks per second, the same on every platform Node runs on. */
const TICKS = 100;

/** Processor seconds so far: of the whole machine, and of some processes. */
export interface Usage {
  readonly at: number;
  readonly machine: number;
  readonly own: number;
}

/** Busy seconds of all processors in the first line of /proc/stat, time stolen by other guests included. */
export function busySeconds(stat: string): number {
  const [, ...ticks] = stat.split('\n')[0]!.trim().split(/\s+/);
  const [user, nice, system, , , interrupt, softInterrupt, stolen] = ticks.map(Number);
  const parts = [user, nice, system, interrupt, softInterrupt, stolen];
  return parts.reduce<number>((sum, value) => sum + (value ?? 0), 0) / TICKS;
}

/** Processor seconds of a process and of its ended children, from /proc/<id>/stat. */
export function processSeconds(stat: string): number {
  // The name in parentheses may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS;
}

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

/** Usage now; undefined where the system has no /proc. */
export function usageNow(processIds: readonly (number | undefined)[]): Usage | undefined {
  const machine = read('/proc/stat');
  if (machine === undefined) return undefined;
  const own = [process.pid, ...processIds]
    .flatMap((id) => (id === undefined ? [] : (read(`/proc/${id}/stat`) ?? [])))
    .reduce((sum, stat) => sum + processSeconds(stat), 0);
  return { at: performance.now() / 1000, machine: busySeconds(machine), own };
}

/** Processors that neither this process nor the named ones kept busy between two readings; 0 where unknown. */
export function othersBetween(before: Usage | undefined, after: Usage | undefined): number {
  if (before === undefined || after === undefined || after.at <= before.at) return 0;
  const busy = after.machine - before.machine - (after.own - before.own);
  return Math.max(0, busy / (after.at - before.at));
}

export const loadAverage = (): number => loadavg()[0]!;

/** More of this, and timings say more about the neighbours than about the code. */
export const BUSY = 0.5;

/** What to say of a machine that is not quiet; empty for a quiet one. */
export function loadWarning({ averageBefore, others }: { averageBefore: number; others: number }) {
  if (others <= BUSY) return '';
  return `others kept ${others.toFixed(1)} of ${cpus().length} processors busy meanwhile (load average before: ${averageBefore.toFixed(1)}): measure again on a quiet machine`;
}
