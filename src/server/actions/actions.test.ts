import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeFakeRun } from '../../../test/support/fake-run.ts';
import { temporaryRoots } from '../../../test/support/temporary-root.ts';
import type { Attempt } from '../../runs/index.ts';
import { resumeArguments } from './resume-command.ts';
import { RunController } from './run-controller.ts';

const newFolder = temporaryRoots();
const trainers = new Set(['grpo']);

// Takes the lock of a run, says so, and counts the signals that it gets.
const lockingProgram = `
import { createJiti } from 'jiti';
const jiti = createJiti(${JSON.stringify(import.meta.url)});
const { lockRun } = await jiti.import(${JSON.stringify(fileURLToPath(new URL('../../runs/run-lock.ts', import.meta.url)))});
lockRun(process.argv[1]);
let signals = 0;
process.on('SIGINT', () => process.stdout.write('signal ' + ++signals + ';'));
process.stdout.write('locked;');
setInterval(() => {}, 1000);
`;

async function lockElsewhere(folder: string): Promise<{ child: ChildProcess; said: () => string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', lockingProgram, folder]);
  let said = '';
  child.stdout!.on('data', (text: Buffer) => {
    said += text.toString();
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await expect.poll(() => said, { timeout: 20_000 }).toBe('locked;');
  return { child, said: () => said };
}

describe('stop', () => {
  it('sends the run’s process one signal, however often and by however many servers it is asked', async () => {
    const folder = makeFakeRun(newFolder(), { name: 'sums' });
    const { child, said } = await lockElsewhere(folder);
    const controller = new RunController(trainers);
    expect(controller.canStop({ folder })).toEqual({ available: true, reason: null });
    expect(controller.stop({ folder })).toMatchObject({ pid: child.pid });
    await expect.poll(said).toBe('locked;signal 1;');
    for (const server of [controller, new RunController(trainers)])
      expect(() => server.stop({ folder })).toThrow('It has been asked to stop');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(said()).toBe('locked;signal 1;');
    expect(() => controller.stop({ folder })).toThrow('It is not running.');
  });
  it('leaves processes alone that are not surely the run’s', async () => {
    const folder = makeFakeRun(newFolder(), { name: 'sums' });
    const { child, said } = await lockElsewhere(folder);
    const lock = join(folder, 'run.lock');
    const owner = JSON.parse(readFileSync(lock, 'utf8')) as object;
    const controller = new RunController(trainers);
    const claims = [
      { host: 'another-machine' },
      { processStart: '1' },
      { boot: 'another-boot' },
      { pidNamespace: 'pid:[1]' },
    ];
    for (const claim of claims) {
      writeFileSync(lock, JSON.stringify({ ...owner, ...claim }));
      expect(() => controller.stop({ folder })).toThrow(/not running|stop it there/);
    }
    expect(said()).toBe('locked;');
    expect(child.exitCode).toBeNull();
  });
});

describe('resumeArguments', () => {
  const words = (command: string[]) => resumeArguments({ command }, trainers, '/runs/sums');
  it('repeats the command with this Laurel’s own program, and the run at the end', () => {
    expect(words(['/elsewhere/bin/laurel.mjs', 'grpo', '--seed', '1'])).toEqual([
      fileURLToPath(new URL('../../../bin/laurel.mjs', import.meta.url)),
      'grpo',
      '--seed',
      '1',
      '--resume_from_checkpoint',
      '/runs/sums',
    ]);
    expect(words(['node_modules/.bin/laurel', 'grpo'])).toBeDefined();
  });
  it('repeats nothing but a trainer’s command', () => {
    for (const command of [
      [],
      ['/bin/sh', '-c', 'rm -rf /'],
      ['/bin/laurel', 'run', 'main.ts'],
      ['/home/me/train.ts', 'grpo'],
    ])
      expect(words(command)).toBeUndefined();
  });
});

describe('resume', () => {
  const attempt: Attempt = {
    startedAt: '2026-01-01T00:00:00Z',
    pid: 1,
    host: hostname(),
    fromStep: 0,
    gitRevision: null,
    fingerprint: {},
    command: ['/bin/laurel', 'grpo', '--config', 'missing.yaml'],
    outcome: 'interrupted',
    workingFolder: '/',
  };
  const withCheckpoint = (): string => {
    const folder = makeFakeRun(newFolder(), { name: 'sums' });
    const checkpoint = join(folder, 'checkpoints', 'checkpoint-5');
    mkdirSync(checkpoint, { recursive: true });
    writeFileSync(join(checkpoint, 'manifest.json'), '{"step":5,"files":{}}');
    return folder;
  };
  const controller = new RunController(trainers);

  it.each([
    [{ outcome: 'finished' as const }, 'It has finished.'],
    [{ host: 'another-machine' }, 'It ran on another-machine'],
    [{ command: ['/home/me/train.ts'] }, 'started by a program of yours'],
    [{ workingFolder: '/no/such/folder' }, 'is gone'],
  ])('is refused of an attempt with %j', (change, reason) => {
    const state = controller.canResume({ folder: withCheckpoint() }, [{ ...attempt, ...change }]);
    expect(state.available).toBe(false);
    expect(state.reason).toContain(reason);
  });
  it('needs a checkpoint', () => {
    const folder = makeFakeRun(newFolder(), { name: 'sums' });
    expect(controller.canResume({ folder }, [attempt]).reason).toContain('no checkpoint');
  });
  it('says what the process said where it ends at once, and lets try again', async () => {
    const folder = withCheckpoint();
    const twice = [attempt, attempt].map((each) => controller.resume({ folder }, [each]));
    const ends = await Promise.allSettled(twice);
    const reasons = ends.map((end) => String((end as PromiseRejectedResult).reason));
    expect(reasons[0]).toContain('missing.yaml');
    expect(reasons[1]).toContain('It is being started.');
    expect(readFileSync(join(folder, 'console.log'), 'utf8')).toContain('missing.yaml');
    expect(controller.canResume({ folder }, [attempt]).available).toBe(true);
  });
});
