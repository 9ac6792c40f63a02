// The process in which a reward named by module runs. Started by module-reward.ts, from source or from dist.
import { setMaxListeners } from 'node:events';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { attemptReward } from './attempt.ts';
import { describeError } from './call.ts';
import { completionReward, liftReward } from './lift.ts';
import type { FromChild, ToChild, WatchdogSettings } from './module-reward-protocol.ts';
import type { Reward, RewardLike } from './types.ts';
import { needsTypeScriptLoader } from './typescript-support.ts';

const HEARTBEAT_MS = 200;
const signal = new AbortController().signal;
setMaxListeners(0, signal);
let reward: Reward | undefined;
let underWay = 0;

const send = (message: FromChild) => process.send?.(message);

async function importModule(file: string): Promise<Record<string, unknown>> {
  const url = pathToFileURL(file).href;
  if (!needsTypeScriptLoader(file)) return import(url);
  const { createJiti } = await import('jiti');
  return createJiti(import.meta.url).import(url);
}

async function load({ file, exportName }: Extract<ToChild, { type: 'load' }>): Promise<void> {
  try {
    const exports = await importModule(file);
    const found = exports[exportName];
    if (found === undefined) {
      const names = Object.keys(exports).join(', ') || 'nothing';
      throw new Error(`it has no export "${exportName}" (it exports ${names})`);
    }
    reward =
      typeof found === 'function' && exportName !== 'default'
        ? completionReward(exportName, found as never)
        : liftReward(found as RewardLike);
    send({
      type: 'ready',
      name: reward.name,
      form: reward.scoreCompletion ? 'completion' : 'group',
    });
  } catch (error) {
    send({ type: 'refused', message: describeError(error) });
  }
}

async function score(request: Extract<ToChild, { type: 'score' }>): Promise<void> {
  const { id, group, indexes, timeoutMs } = request;
  underWay += 1;
  const options = { timeoutMs, signal, capabilities: {}, indexes };
  const attempts = await attemptReward(reward as Reward, group, options);
  underWay -= 1;
  send({ type: 'scored', id, attempts });
}

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const [parentPid = 0, memoryLimitMb = 0] = process.argv.slice(2).map(Number);
const settings: WatchdogSettings = { parentPid, memoryLimitMb };
const watchdog = new URL(`./module-reward-watchdog.${extension}`, import.meta.url);
new Worker(watchdog, { workerData: settings, stdin: false }).unref();

setInterval(() => {
  if (underWay > 0) send({ type: 'alive' });
}, HEARTBEAT_MS);
process.on('message', (message: ToChild) => {
  void (message.type === 'load' ? load(message) : score(message));
});
// Without a parent there is nobody to score for; what the module started ends too.
process.on('disconnect', () => process.kill(-process.pid, 'SIGKILL'));
