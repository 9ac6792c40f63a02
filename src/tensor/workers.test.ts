import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, vi } from 'vitest';
import { liveTensors, ones, tensor, tidy } from './index.ts';
import { addonPath, type Native } from './native.ts';

/** Multiplies [2, 2] matrices on the bare addon, since worker threads run no TypeScript here. */
const engine = `
  const { parentPort, workerData } = require('node:worker_threads');
  const native = require(workerData.addon);
  const wire = native.attach(new Float64Array(1024));
  const matmul = native.find('aten::matmul', '');
  const make = (values) => {
    wire.set([2, 2]);
    return native.fromArray(Float32Array.from(values), 6, 2);
  };
  const product = (a, b) => {
    wire.set([4, a, 4, b]);
    native.call(matmul, 4, true);
    return wire[1];
  };
  const read = (id) => {
    const array = new Float32Array(4);
    native.copyTo(id, array);
    return Array.from(array);
  };
  const free = (id) => {
    wire[0] = id;
    native.release(1);
  };
`;

const start = (work: string) =>
  new Worker(engine + work, { eval: true, workerData: { addon: addonPath } });

const powers = `
  const a = make([1, 1, 0, 1]);
  let power = make([1, 0, 0, 1]);
  for (let i = 0; i < 1000; i++) {
    const next = product(power, a);
    free(power);
    power = next;
  }
  parentPort.postMessage({ power: read(power), live: native.liveTensors() });
`;

const endless = `
  native.shareArray(new Float32Array(4), 6, (wire.set([2, 2]), 2));
  native.memoryOf(make([1, 2, 3, 4]));
  const a = make([1, 1, 0, 1]);
  parentPort.postMessage('running');
  for (;;) product(a, a);
`;

describe('worker threads', () => {
  it('compute side by side, each with its own tensors', async () => {
    const x = ones([2]);
    const before = liveTensors();
    const workers = [1, 2, 3, 4].map(() => start(powers));
    const results = await Promise.all(workers.map((worker) => once(worker, 'message')));
    // [[1, 1], [0, 1]] to the nth is [[1, n], [0, 1]].
    for (const [result] of results) expect(result).toEqual({ power: [1, 1000, 0, 1], live: 2 });
    await Promise.all(workers.map((worker) => worker.terminate()));
    expect(liveTensors()).toBe(before);
    expect(x.toArray()).toEqual([1, 1]);
  });

  it('may be terminated at work, while the main thread computes', async () => {
    for (let round = 0; round < 5; round++) {
      const worker = start(endless);
      await once(worker, 'message');
      const ended = worker.terminate();
      expect(tidy(() => tensor([1, 2]).mul(2).sum().item())).toBe(6);
      await ended;
    }
    expect(
      tidy(() =>
        ones([64, 64])
          .matmul(ones([64, 64]))
          .sum()
          .item(),
      ),
    ).toBe(64 ** 3);
  });
});

/** Runs a script in a fresh process; rejects when that does not end by itself with code 0. */
const runAlone = (script: string) =>
  promisify(execFile)(process.execPath, ['-e', script], { timeout: 50_000 });

describe('a process', () => {
  it('ends in peace when only workers ever loaded the addon', async () => {
    const script = `
      const { Worker } = require('node:worker_threads');
      const source = ${JSON.stringify(engine + powers)};
      const options = { eval: true, workerData: { addon: ${JSON.stringify(addonPath)} } };
      const run = (left) => {
        if (left === 0) return console.log('done');
        new Worker(source, options).on('exit', () => run(left - 1));
      };
      run(3);
    `;
    expect((await runAlone(script)).stdout).toBe('done\n');
  });

  it.each(['', 'process.exit(0);'])(
    'ends in peace with tensors, arrays and workers alive %s',
    async (end) => {
      const script = `
      const { Worker } = require('node:worker_threads');
      const native = require(${JSON.stringify(addonPath)});
      const wire = native.attach(new Float64Array(1024));
      wire.set([2, 2]);
      const x = native.shareArray(new Float32Array(4), 6, 2);
      globalThis.memory = native.memoryOf(x);
      native.setRequiresGrad(x, true);
      native.createGenerator('cpu', 1);
      const options = { eval: true, workerData: { addon: ${JSON.stringify(addonPath)} } };
      const worker = new Worker(${JSON.stringify(engine + endless)}, options);
      worker.once('message', () => {
        worker.unref();
        console.log('done');
        ${end}
      });
    `;
      expect((await runAlone(script)).stdout).toBe('done\n');
    },
  );
});

describe('the number of threads', () => {
  const addon = `const native = require(${JSON.stringify(addonPath)});`;
  const inWorker = (work: string) => `
    const { Worker } = require('node:worker_threads');
    new Worker(${JSON.stringify(addon)} + ${JSON.stringify(work)}, { eval: true }).on('exit', () => report());
  `;
  const report = `${addon} const report = () => console.log(native.threads());`;

  it('is what the first asked for, main thread or worker', async () => {
    const first = inWorker('native.startThreads(3); console.log(native.threads());');
    const script = `const report = () => { ${addon} native.startThreads(2); console.log(native.threads()); };${first}`;
    expect((await runAlone(script)).stdout).toBe('3\n3\n');
  });

  it('stays what was set, whoever starts later', async () => {
    const script = `${report} native.startThreads(2); native.setThreads(3); ${inWorker('native.startThreads(1);')}`;
    expect((await runAlone(script)).stdout).toBe('3\n');
  });
});

describe('the library imported twice in one process', () => {
  it('shares the wire, and each copy refuses the tensors of the other', async () => {
    const first = { ones, tidy, liveTensors };
    vi.resetModules();
    const second = await import('./index.ts');
    expect(second.ones).not.toBe(first.ones);
    const [x, y] = [first.ones([2]), second.ones([3])];
    expect(
      second.tidy(() =>
        y
          .add(1)
          .mul(second.tensor([1, 2, 3]))
          .toArray(),
      ),
    ).toEqual([2, 4, 6]);
    expect(first.tidy(() => x.add(1).toArray())).toEqual([2, 2]);
    expect(() => y.add(x as never)).toThrow(/cannot be passed/);
    expect(second.liveTensors()).toBe(first.liveTensors());
  });

  it('as dist/ beside src/, when dist/ is built', async (context) => {
    const built = new URL('../../dist/tensor/native.js', import.meta.url);
    if (!existsSync(fileURLToPath(built))) return context.skip('dist/ is not built');
    const copy = (await import(/* @vite-ignore */ built.href)) as {
      native: Native;
      wire: Float64Array;
    };
    const own = await import('./native.ts');
    // Each is loaded when it is first used.
    expect(copy.native.threads()).toBe(own.native.threads());
    expect(copy.wire).toBe(own.wire);
  });
});
