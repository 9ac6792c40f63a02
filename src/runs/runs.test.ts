import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir, uptime } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { saveCheckpoint } from '../checkpoints/index.ts';
import { ConfigError } from '../errors.ts';
import { JsonlSink } from '../metrics/index.ts';
import {
  createRun,
  gitRevision,
  listRuns,
  lockOwner,
  lockRun,
  metricSeries,
  RunInUseError,
  type RunStart,
  readCompletions,
  readRun,
  readRunRecord,
  resumeRun,
  writeCompletions,
} from './index.ts';

const start: RunStart = {
  trainer: 'grpo',
  seed: 7,
  configYaml: 'seed: 7\n',
  fingerprint: { libtorch: '2.13', threads: 2 },
  laurelVersion: '0.1.0',
  totalSteps: 100,
  command: ['grpo'],
};

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'laurel-'));
}

// Takes the lock of argv[2], says so, and waits to be killed.
const lockingProgram = `
import { createJiti } from 'jiti';
const jiti = createJiti(${JSON.stringify(import.meta.url)});
const { lockRun } = await jiti.import(${JSON.stringify(fileURLToPath(new URL('./run-lock.ts', import.meta.url)))});
lockRun(process.argv[1]);
process.stdout.write('locked');
setInterval(() => {}, 1000);
`;

async function lockElsewhere(folder: string) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', lockingProgram, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

describe('createRun', () => {
  it('lays out the folder and records the first attempt', () => {
    const root = newFolder();
    const run = createRun(start, { root, name: 'mine' });
    expect(run.folder).toBe(join(root, 'mine'));
    expect(readdirSync(run.folder).sort()).toEqual([
      'checkpoints',
      'completions',
      'config.yaml',
      'metrics.jsonl',
      'run.json',
      'run.lock',
      'tokens',
    ]);
    expect(readFileSync(join(run.folder, 'config.yaml'), 'utf8')).toBe('seed: 7\n');
    const record = readRunRecord(run.folder);
    expect(record).toMatchObject({ name: 'mine', trainer: 'grpo', seed: 7, totalSteps: 100 });
    expect(record.attempts).toMatchObject([
      { pid: process.pid, fromStep: 0, fingerprint: start.fingerprint, command: ['grpo'] },
    ]);
    run.close('finished', { lastStep: 100 });
    expect(readRunRecord(run.folder).attempts[0]).toMatchObject({
      outcome: 'finished',
      lastStep: 100,
    });
    expect(existsSync(join(run.folder, 'run.lock'))).toBe(false);
  });
  it('numbers a name that is taken, and names by trainer and time where none is given', () => {
    const root = newFolder();
    const now = new Date(2026, 0, 2, 3, 4, 5);
    const names = [1, 2, 3].map(() => createRun(start, { root, now }).name);
    expect(names).toEqual([
      'grpo-20260102-030405',
      'grpo-20260102-030405-2',
      'grpo-20260102-030405-3',
    ]);
  });
  it('refuses a folder that holds a run, says how to resume it, and leaves it as it was', async () => {
    const folder = join(newFolder(), 'out');
    createRun(start, { folder }).close('interrupted', { lastStep: 5 });
    await saveCheckpoint(join(folder, 'checkpoints'), 5, (to) => writeFileSync(join(to, 'a'), ''));
    const before = readFileSync(join(folder, 'run.json'), 'utf8');
    expect(() => createRun(start, { folder })).toThrow(ConfigError);
    expect(() => createRun(start, { folder })).toThrow(
      'resume it from step 5 with --resume_from_checkpoint true',
    );
    expect(readFileSync(join(folder, 'run.json'), 'utf8')).toBe(before);
    expect(lockOwner(folder)).toBeUndefined();
  });
});

describe('resumeRun', () => {
  it('cuts metrics and completions past the step and records another attempt', () => {
    const run = createRun(start, { folder: join(newFolder(), 'out') });
    const sink = new JsonlSink(run.metricsFile);
    for (const step of [1, 2, 3]) {
      sink.write({ step, time: 0, metrics: { loss: step } });
      writeCompletions(run.folder, step, []);
    }
    sink.close();
    run.close('interrupted', { lastStep: 3, reason: 'SIGINT' });
    // What a process killed while it replaced these files leaves.
    writeFileSync(join(run.folder, 'completions', 'step_00001.jsonl.01234567.tmp'), '{');
    writeFileSync(join(run.folder, 'run.json.89abcdef.tmp'), '{');
    const resumed = resumeRun(run.folder, 2, { ...start, fingerprint: { libtorch: '1.13' } });
    expect(resumed.previousFingerprint).toEqual(start.fingerprint);
    expect(resumed.record.attempts.map(({ fromStep, outcome }) => [fromStep, outcome])).toEqual([
      [0, 'interrupted'],
      [2, undefined],
    ]);
    expect(readFileSync(resumed.metricsFile, 'utf8').split('\n')).toHaveLength(3);
    expect(readdirSync(join(run.folder, 'completions'))).toEqual([
      'step_00001.jsonl',
      'step_00002.jsonl',
    ]);
    expect(readdirSync(run.folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    resumed.close('finished');
  });
  it('refuses a folder without a run, and the run of another trainer', () => {
    const folder = join(newFolder(), 'out');
    expect(() => resumeRun(folder, 1, start)).toThrow('holds no run');
    createRun(start, { folder }).close('finished');
    expect(() => resumeRun(folder, 1, { ...start, trainer: 'sft' })).toThrow(
      'is a run of grpo, and sft cannot resume it',
    );
    expect(lockOwner(folder)).toBeUndefined();
  });
});

describe('the lock', () => {
  it('keeps a second process out and names the first', async () => {
    const folder = newFolder();
    const child = await lockElsewhere(folder);
    expect(() => lockRun(folder)).toThrow(RunInUseError);
    expect(() => lockRun(folder)).toThrow(`in use by process ${child.pid} on ${hostname()} since`);
    expect(lockOwner(folder)?.pid).toBe(child.pid);
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  it('of a killed process is taken over', async () => {
    const folder = newFolder();
    const child = await lockElsewhere(folder);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(lockOwner(folder)).toBeUndefined();
    const lock = lockRun(folder);
    expect(lockOwner(folder)?.pid).toBe(process.pid);
    lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });
  it('of another process with a recycled id is stale', () => {
    const folder = newFolder();
    lockRun(folder);
    const file = join(folder, 'run.lock');
    const owner = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...owner, processStart: '1' }));
    expect(() => lockRun(folder)).not.toThrow();
  });
  /** Locks a folder, changes what the lock says, and sets when it was last renewed. */
  function lockAs(changes: object, secondsAgo = 0): string {
    const folder = newFolder();
    lockRun(folder);
    const file = join(folder, 'run.lock');
    const owner = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...owner, ...changes }));
    const renewed = Date.now() / 1000 - secondsAgo;
    utimesSync(file, renewed, renewed);
    return folder;
  }
  it('from before the machine’s last start is stale', () => {
    expect(lockOwner(lockAs({ boot: 'earlier' }, uptime() + 1))).toBeUndefined();
  });
  it.each([{ pidNamespace: 'pid:[1]' }, { boot: 'that of a namesake' }])(
    'of a process that cannot be looked up here is held while it is renewed: %o',
    (elsewhere) => {
      expect(() => lockRun(lockAs(elsewhere, 60))).toThrow(
        /in use by process \d+ .*another container.*stop it there, or wait 120 s if it is gone/,
      );
      expect(() => lockRun(lockAs(elsewhere, 121))).not.toThrow();
    },
  );
  it('is renewed by its owner, until somebody else takes it', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
    try {
      const folder = newFolder();
      const file = join(folder, 'run.lock');
      const lock = lockRun(folder);
      const age = () => (Date.now() - statSync(file).mtimeMs) / 1000;
      vi.advanceTimersByTime(3_600_000);
      expect(age()).toBeLessThanOrEqual(20);
      writeFileSync(file, '{"pid":1}');
      utimesSync(file, 1, 1);
      vi.advanceTimersByTime(60_000);
      expect(statSync(file).mtimeMs).toBe(1000);
      lock.release();
    } finally {
      vi.useRealTimers();
    }
  });
  it('of another machine is respected, since nobody here can tell', () => {
    const folder = newFolder();
    lockRun(folder);
    const file = join(folder, 'run.lock');
    const owner = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...owner, host: 'elsewhere' }));
    expect(() => lockRun(folder)).toThrow(`delete ${file} if that machine is gone`);
  });
  it('that is no longer ours is not released by us', () => {
    const folder = newFolder();
    const lock = lockRun(folder);
    writeFileSync(join(folder, 'run.lock'), '{"pid":1}');
    lock.release();
    expect(existsSync(join(folder, 'run.lock'))).toBe(true);
  });
});

describe('a run folder that cannot be made', () => {
  it.each(['folder', 'root'] as const)('is named, with what to do: %s', (key) => {
    const file = join(newFolder(), 'file');
    writeFileSync(file, '');
    const place = { [key]: join(file, 'run') };
    expect(() => createRun(start, place)).toThrow(ConfigError);
    expect(() => createRun(start, place)).toThrow(
      /run: the run folder cannot be made: .*; choose another output_dir/,
    );
  });
});

describe('listing runs', () => {
  it('tells running, finished and killed runs apart, newest first, and changes nothing', async () => {
    const root = newFolder();
    const finished = createRun(start, { root, name: 'a', now: new Date(1e12) });
    finished.close('finished');
    const running = createRun(start, { root, name: 'b', now: new Date(2e12) });
    const sink = new JsonlSink(running.metricsFile);
    sink.write({ step: 4, time: 0, metrics: { loss: 2, reward: 1 } });
    sink.write({ step: 5, time: 0, metrics: { loss: null, eval_reward: 3 } });
    sink.close();
    await saveCheckpoint(running.checkpointsFolder, 4, (to) => writeFileSync(join(to, 'a'), ''));
    mkdirSync(join(root, 'no-run'));
    writeFileSync(join(root, 'file'), '');
    const before = statSync(join(root, 'b', 'run.json')).mtimeMs;
    const runs = listRuns(root);
    expect(runs.map(({ record, status }) => [record.name, status])).toEqual([
      ['b', 'running'],
      ['a', 'finished'],
    ]);
    expect(runs[0]).toMatchObject({
      step: 5,
      latest: { loss: 2, reward: 1, eval_reward: 3 },
      checkpoints: [4],
    });
    expect(statSync(join(root, 'b', 'run.json')).mtimeMs).toBe(before);
    const owner = JSON.parse(readFileSync(join(root, 'b', 'run.lock'), 'utf8'));
    writeFileSync(join(root, 'b', 'run.lock'), JSON.stringify({ ...owner, processStart: '1' }));
    expect(readRun(join(root, 'b')).status).toBe('killed');
  });
  it('counts steps that were taken after the last metrics line', async () => {
    const run = createRun(start, { root: newFolder() });
    const sink = new JsonlSink(run.metricsFile);
    sink.write({ step: 4, time: 0, metrics: { loss: 2 } });
    sink.close();
    await saveCheckpoint(run.checkpointsFolder, 6, (to) => writeFileSync(join(to, 'a'), ''));
    expect(readRun(run.folder).step).toBe(6);
    run.close('interrupted', { lastStep: 7 });
    expect(readRun(run.folder).step).toBe(7);
  });
  it('of a folder that does not exist is empty', () => {
    expect(listRuns(join(newFolder(), 'nowhere'))).toEqual([]);
  });
  it('names a record that cannot be read', () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'run.json'), '{');
    expect(() => readRun(folder)).toThrow('run.json: is not a readable run record');
  });
});

describe('metricSeries', () => {
  it('is the values of one key by step, without those that are missing', () => {
    const run = createRun(start, { root: newFolder() });
    const sink = new JsonlSink(run.metricsFile);
    sink.write({ step: 1, time: 0, metrics: { reward: 0.5 } });
    sink.write({ step: 2, time: 0, metrics: { reward: null, eval_reward: 9 } });
    sink.write({ step: 3, time: 0, metrics: { reward: 0 } });
    sink.close();
    expect(metricSeries(run.folder, 'reward')).toEqual([
      [1, 0.5],
      [3, 0],
    ]);
    expect(metricSeries(newFolder(), 'reward')).toEqual([]);
  });
});

describe('gitRevision', () => {
  it('is null outside of a repository', () => {
    expect(gitRevision(newFolder())).toBeNull();
  });
});

describe('completions', () => {
  it('are read back as they were stored, training and evaluation apart', () => {
    const folder = newFolder();
    const completion = {
      text: 'a\nb',
      finish_reason: 'stop',
      length: 3,
      reward: null,
      rewards: { right: null },
      advantage: 0,
    } as const;
    const group = { step: 2, example: 9, prompt: '1+1=', completions: [completion] };
    writeCompletions(folder, 2, [group]);
    expect(readCompletions(folder, 2)).toEqual([group]);
    expect(readCompletions(folder, 2, 'eval')).toEqual([]);
    expect(readCompletions(folder, 3)).toEqual([]);
  });
});
