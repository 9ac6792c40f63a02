// A thread beside a reward module: it still runs where the module's own thread loops for ever. It ends the process,
// and what that started, when the process takes too much memory or the one that asked for rewards is gone.
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { tooMuchMemory, type WatchdogSettings } from './module-reward-protocol.ts';

const LOOK_EVERY_MS = 50;
const STANDARD_ERROR = 2;
const { parentPid, memoryLimitMb } = workerData as WatchdogSettings;

setInterval(() => {
  const isTooLarge = process.memoryUsage.rss() > memoryLimitMb * 2 ** 20;
  if (isTooLarge) writeSync(STANDARD_ERROR, `${tooMuchMemory(memoryLimitMb)}\n`);
  // The process leads a group of its own, in which what it starts is.
  if (isTooLarge || process.ppid !== parentPid) process.kill(-process.pid, 'SIGKILL');
}, LOOK_EVERY_MS);
