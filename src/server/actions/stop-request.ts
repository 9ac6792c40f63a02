import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../../checkpoints/durable-files.ts';
import type { LockOwner } from '../../runs/index.ts';

const fileName = 'stop-request.json';

type Asked = Pick<LockOwner, 'pid' | 'processStart'>;

/** Whether this process of a run was asked to stop: a second signal would make it leave without saving. */
export function wasAskedToStop(folder: string, owner: Asked): boolean {
  const file = join(folder, fileName);
  if (!existsSync(file)) return false;
  try {
    const { pid, processStart } = JSON.parse(readFileSync(file, 'utf8')) as Asked;
    return pid === owner.pid && processStart === owner.processStart;
  } catch {
    return false; // Not whole, so nobody's.
  }
}

/** Notes that a run's process is asked to stop, for this server and the next. */
export function noteStopRequest(folder: string, { pid, processStart }: Asked): void {
  const note = { pid, processStart, askedAt: new Date().toISOString() };
  replaceFile(join(folder, fileName), `${JSON.stringify(note, null, 2)}\n`);
}
