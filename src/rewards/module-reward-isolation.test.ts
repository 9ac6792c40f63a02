import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test, vi } from 'vitest';
import { groupOfTexts } from './group-of-texts.ts';
import { moduleReward } from './module-reward.ts';
import { scoreGroups } from './score-groups.ts';

const baseDirectory = fileURLToPath(new URL('../../test/golden/rewards', import.meta.url));
const newFile = () => join(mkdtempSync(join(tmpdir(), 'laurel-')), 'pid');

const isAlive = (pid: number): boolean => {
  try {
    // A process that is gone but not yet waited for counts as gone.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/\) Z /.test(stat);
  } catch {
    return false;
  }
};

/** Waits until something holds, for at most five seconds. */
async function until(holds: () => boolean): Promise<boolean> {
  for (let waited = 0; waited < 5000; waited += 25) {
    if (holds()) return true;
    await sleep(25);
  }
  return holds();
}

test('whatever a module does to its process costs one completion, and what it started ends with it', async () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  using reward = await moduleReward('./module-rewards.ts#obedient', {
    baseDirectory,
    memoryLimitMb: 64,
  });
  const file = newFile();
  const asked = [
    ...['fine', 'exit 0', 'kill itself', 'throw later'],
    ...['send garbage', 'ignore SIGTERM', 'fork', 'good'],
  ];
  const scores = await scoreGroups([groupOfTexts(asked, { file })], reward, { timeoutMs: 500 });
  vi.restoreAllMocks();
  expect(scores.totals).toEqual([[4, null, null, null, 1, null, null, 4]]);
  expect(scores.failures[0]).toMatchObject({ crashed: 4, timeout: 1, threw: 0, nonfinite: 0 });
  const grandchild = Number(readFileSync(file, 'utf8'));
  expect(await until(() => !isAlive(grandchild))).toBe(true);
});

test('memory outside the heap counts, and the message says how much is allowed', async () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  using reward = await moduleReward('./module-rewards.ts#obedient', {
    baseDirectory,
    memoryLimitMb: 64,
  });
  const scores = await scoreGroups([groupOfTexts(['fill buffers'])], reward);
  vi.restoreAllMocks();
  expect(scores.failures[0]).toMatchObject({
    crashed: 1,
    firstError: 'its process took more than 320 MB of memory',
  });
});

test.runIf(existsSync('/proc/self/stat'))(
  'a module that loops for ever ends soon after a run that was killed',
  async () => {
    const jiti = dirname(createRequire(import.meta.url).resolve('jiti/package.json'));
    const register = pathToFileURL(join(jiti, 'lib/jiti-register.mjs')).href;
    const file = newFile();
    const program = join(baseDirectory, 'score-until-killed.ts');
    const run = spawn(process.execPath, ['--import', register, program, file], { stdio: 'ignore' });
    expect(await until(() => existsSync(file) && readFileSync(file, 'utf8') !== '')).toBe(true);
    const child = Number(readFileSync(file, 'utf8'));
    expect(isAlive(child)).toBe(true);
    run.kill('SIGKILL');
    expect(await until(() => !isAlive(child))).toBe(true);
  },
);
