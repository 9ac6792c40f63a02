import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { scrubbedEnvironment } from './side.ts';

/** A field of /proc/self/status in bytes. */
function status(field: 'VmHWM' | 'VmRSS'): number {
  const text = readFileSync('/proc/self/status', 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(text)![1]) * 1024;
}

/** Resident memory now, bytes, and from now on the least that `peakMemory` says. */
export function resetPeak(): number {
  (globalThis as { gc?: () => void }).gc?.();
  // 5: the peak becomes the present size; proc(5).
  writeFileSync('/proc/self/clear_refs', '5');
  return status('VmRSS');
}

/** The most resident memory since `resetPeak`, or of the process's life, bytes. */
export const peakMemory = (): number => status('VmHWM');

/** Runs a script of this folder in a process of its own and reads the line of JSON that it ends with. */
export function inProcess<Answer>(script: string, task: object, threads: number): Answer {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const {
    status: code,
    stdout,
    stderr,
  } = spawnSync(
    process.execPath,
    ['--expose-gc', '--import', 'jiti/register', path, JSON.stringify({ ...task, threads })],
    { env: scrubbedEnvironment(), encoding: 'utf8', maxBuffer: 2 ** 26 },
  );
  if (code !== 0) throw new Error(`${script} ${JSON.stringify(task)} failed: ${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Answer;
}

export const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);

/** A Markdown table. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(heading), line(heading.map(() => '---')), ...rows.map(line)].join('\n');
}
