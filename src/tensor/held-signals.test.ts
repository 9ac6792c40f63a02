import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

/** Products of the kind that oneDNN's signal-unsafe kernels compute, with a handler for what a terminal sends. */
const work = `
import { createJiti } from 'jiti';
const jiti = createJiti(${JSON.stringify(import.meta.url)});
const tensors = await jiti.import(${JSON.stringify(new URL('./index.ts', import.meta.url).pathname)});
const { full, linear, setThreadCount, tidy } = tensors;
const most = Number(process.env.OMP_NUM_THREADS);
process.on('SIGWINCH', () => {});
const x = full([900, 64], 0.1).requireGrad();
const weight = full([2000, 64], 0.1).requireGrad();
process.send('ready');
for (let round = 0; round < 6; round++) {
  for (let i = 0; i < 10; i++) {
    // A smaller team ends threads; those of the next are new.
    setThreadCount(Math.max(1, most - 1));
    tidy(() => full([300, 300], 1).mul(2));
    setThreadCount(most);
    tidy(() => full([300, 300], 1).mul(2));
    tidy(() => linear(x, weight).sum().backward());
  }
  await new Promise((resolve) => setImmediate(resolve));
}
process.disconnect();
`;

/** Runs the products on some threads while signals arrive, thousands in a second. */
async function workUnderSignals(threads: number) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', work], {
    cwd: new URL('.', import.meta.url),
    env: { ...process.env, OMP_NUM_THREADS: String(threads) },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const errors: Buffer[] = [];
  child.stderr!.on('data', (data: Buffer) => errors.push(data));
  let sent = 0;
  child.once('message', () => {
    const timer = setInterval(() => {
      for (let i = 0; i < 3; i++) if (child.kill('SIGWINCH')) sent++;
    }, 1);
    child.once('exit', () => clearInterval(timer));
  });
  const [status] = await once(child, 'close');
  return { status, errors: Buffer.concat(errors).toString(), sent };
}

// Without held signals this aborts within some 200 of them: "corrupted size vs. prev_size".
test.skipIf(process.platform !== 'linux').each([1, 4])(
  'signals that arrive during products leave the heap alone, with %i threads',
  async (threads) => {
    const { status, errors, sent } = await workUnderSignals(threads);
    expect({ status, errors }).toEqual({ status: 0, errors: '' });
    expect(sent).toBeGreaterThan(100);
  },
);
