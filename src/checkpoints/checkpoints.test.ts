import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CheckpointError, StorageError } from '../errors.ts';
import {
  bestMetricRule,
  clearTemporaries,
  findCheckpoint,
  findIntact,
  latestCheckpoint,
  listCheckpoints,
  readTrainerState,
  saveCheckpoint,
  supersedeCheckpointsAfter,
  updateBest,
  writeFileDurably,
  writeTrainerState,
} from './index.ts';

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'laurel-'));
}

function writeStep(step: number): (folder: string) => void {
  return (folder) => {
    writeFileSync(join(folder, 'model.bin'), `weights of ${step}`);
    mkdirSync(join(folder, 'tokenizer'));
    writeFileSync(join(folder, 'tokenizer', 'a.json'), '{}');
  };
}

const stepsIn = (folder: string) => listCheckpoints(folder).map(({ step }) => step);

describe('saveCheckpoint', () => {
  it('saves a folder that is found, whole and verified', async () => {
    const folder = join(newFolder(), 'checkpoints');
    const path = await saveCheckpoint(folder, 10, writeStep(10));
    expect(path).toBe(join(folder, 'checkpoint-10'));
    expect(latestCheckpoint(folder)).toEqual({ step: 10, path });
    expect(await findIntact(path)).toEqual({ step: 10, path, passedOver: [] });
    expect(readdirSync(path).sort()).toEqual(['manifest.json', 'model.bin', 'tokenizer']);
  });
  it('waits for files that are written asynchronously', async () => {
    const folder = newFolder();
    await saveCheckpoint(folder, 1, async (temporary) => {
      await sleep(5);
      writeFileSync(join(temporary, 'late.bin'), 'x');
    });
    expect(existsSync(join(folder, 'checkpoint-1', 'late.bin'))).toBe(true);
  });
  it('keeps the newest and, beyond them, the best', async () => {
    const folder = newFolder();
    for (const step of [1, 2, 3])
      await saveCheckpoint(folder, step, writeStep(step), { keep: 2, best: 1 });
    // As Transformers: two are kept, the newest and the best among them.
    expect(stepsIn(folder)).toEqual([1, 3]);
    await saveCheckpoint(folder, 4, writeStep(4), { keep: 1, best: 1 });
    expect(stepsIn(folder)).toEqual([1, 4]);
    await saveCheckpoint(folder, 5, writeStep(5), { keep: 1 });
    expect(stepsIn(folder)).toEqual([5]);
  });
  it('orders steps as numbers', async () => {
    const folder = newFolder();
    for (const step of [9, 10, 100]) await saveCheckpoint(folder, step, writeStep(step));
    expect(stepsIn(folder)).toEqual([9, 10, 100]);
  });
  it('replaces a checkpoint of the same step', async () => {
    const folder = newFolder();
    await saveCheckpoint(folder, 3, writeStep(3));
    await saveCheckpoint(folder, 3, (temporary) =>
      writeFileSync(join(temporary, 'model.bin'), 'new'),
    );
    expect(readFileSync(join(folder, 'checkpoint-3', 'model.bin'), 'utf8')).toBe('new');
    expect(readdirSync(folder)).toEqual(['checkpoint-3']);
  });
});

describe('a save that fails', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
    code: 'ENOSPC',
  });

  it('removes what it wrote, keeps what was there, and says so', async () => {
    const folder = newFolder();
    await saveCheckpoint(folder, 1, writeStep(1), { keep: 1 });
    const failing = saveCheckpoint(
      folder,
      2,
      (temporary) => {
        writeFileSync(join(temporary, 'model.bin'), 'half');
        throw full;
      },
      { keep: 1 },
    );
    await expect(failing).rejects.toThrow(CheckpointError);
    await expect(failing).rejects.toThrow(
      `checkpoint-2 could not be saved in ${folder}: ENOSPC: no space left on device, write; the newest whole checkpoint is ${join(folder, 'checkpoint-1')}. Free disk space or lower save_total_limit, then resume`,
    );
    expect(readdirSync(folder)).toEqual(['checkpoint-1']);
    await findIntact(latestCheckpoint(folder)!.path);
  });
  it('is one that wrote nothing', async () => {
    await expect(saveCheckpoint(newFolder(), 1, () => {})).rejects.toThrow(
      'nothing was written into it',
    );
  });
  it('is one into a path that is a file', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'file'), '');
    await expect(saveCheckpoint(join(folder, 'file'), 1, writeStep(1))).rejects.toThrow(
      CheckpointError,
    );
  });
});

describe('what a crash leaves behind', () => {
  it('is not taken for a checkpoint, and is cleared by the next save', async () => {
    const folder = newFolder();
    await saveCheckpoint(folder, 1, writeStep(1));
    mkdirSync(join(folder, 'checkpoint-2.tmp-abcd'));
    writeFileSync(join(folder, 'checkpoint-2.tmp-abcd', 'model.bin'), 'half');
    mkdirSync(join(folder, 'checkpoint-3'));
    expect(latestCheckpoint(folder)?.step).toBe(1);
    await saveCheckpoint(folder, 4, writeStep(4));
    expect(readdirSync(folder).sort()).toEqual(['checkpoint-1', 'checkpoint-3', 'checkpoint-4']);
  });
  it('counts a replaced checkpoint until its replacement is in place', async () => {
    const folder = newFolder();
    const path = await saveCheckpoint(folder, 5, writeStep(5));
    renameSync(path, `${path}.old-abcd`);
    expect(latestCheckpoint(folder)).toEqual({ step: 5, path: `${path}.old-abcd` });
    await saveCheckpoint(folder, 6, writeStep(6));
    expect(stepsIn(folder)).toEqual([5, 6]);
    expect(readdirSync(folder).sort()).toEqual(['checkpoint-5', 'checkpoint-6']);
  });
  it('survives SIGKILL at any moment of a save: a whole checkpoint remains', {
    timeout: 120_000,
  }, async () => {
    const folder = newFolder();
    const first = await saveCheckpoint(folder, 1, writeStep(1));
    expect(first).toBeDefined();
    let saved = 1;
    for (const delayMs of [3, 11, 42, 99, 'until it saved']) {
      const child = spawn(
        process.execPath,
        ['--input-type=module', '-e', savingProgram, folder, String(saved)],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      await once(child.stdout, 'data'); // It has begun to save, one step after another.
      if (typeof delayMs === 'number') await sleep(delayMs);
      else while ((latestCheckpoint(folder)?.step ?? saved) === saved) await sleep(1);
      child.kill('SIGKILL');
      await once(child, 'exit');
      const latest = latestCheckpoint(folder)!;
      expect(latest.step).toBeGreaterThanOrEqual(saved);
      await findIntact(latest.path);
      expect(readFileSync(join(latest.path, 'model.bin'), 'utf8')).toBe(
        `weights of ${latest.step}`,
      );
      saved = latest.step;
    }
    expect(saved).toBeGreaterThan(1);
  });
});

// Saves steps from argv[2] + 1 on, keeping one, each of several files, until it is killed.
const savingProgram = `
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createJiti } from 'jiti';
const jiti = createJiti(${JSON.stringify(import.meta.url)});
const { saveCheckpoint } = await jiti.import(${JSON.stringify(fileURLToPath(new URL('./index.ts', import.meta.url)))});
const [folder, from] = process.argv.slice(1);
process.stdout.write('ready');
for (let step = Number(from) + 1; ; step++) {
  await saveCheckpoint(folder, step, (temporary) => {
    for (let part = 0; part < 5; part++) writeFileSync(join(temporary, 'part-' + part), 'x'.repeat(200000));
    writeFileSync(join(temporary, 'model.bin'), 'weights of ' + step);
  }, { keep: 1 });
}
`;

describe('supersedeCheckpointsAfter', () => {
  it('sets later checkpoints aside, until their step is saved again', async () => {
    const folder = newFolder();
    for (const step of [2, 4, 6]) await saveCheckpoint(folder, step, writeStep(step));
    expect(supersedeCheckpointsAfter(folder, 2)).toEqual([4, 6]);
    expect(stepsIn(folder)).toEqual([2]);
    expect(readdirSync(folder)).toHaveLength(3);
    await saveCheckpoint(folder, 4, writeStep(4), { keep: 1 });
    expect(stepsIn(folder)).toEqual([4]);
    expect(readdirSync(folder).map((name) => name.split('-')[1])).toEqual(['4', '6.superseded']);
    await saveCheckpoint(folder, 6, writeStep(6));
    expect(readdirSync(folder)).toEqual(['checkpoint-4', 'checkpoint-6']);
  });
});

describe('findCheckpoint', () => {
  it('takes a checkpoint, a checkpoints folder or a run folder', async () => {
    const run = newFolder();
    const path = await saveCheckpoint(join(run, 'checkpoints'), 7, writeStep(7));
    for (const place of [path, join(run, 'checkpoints'), run]) {
      expect(findCheckpoint(place)).toEqual({ step: 7, path });
    }
  });
  it('says what is wrong with a path that has none', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'checkpoint-3'));
    expect(() => findCheckpoint(join(folder, 'nowhere'))).toThrow(
      'there is no such checkpoint or run folder',
    );
    expect(() => findCheckpoint(folder)).toThrow('holds no whole checkpoint');
    expect(() => findCheckpoint(join(folder, 'checkpoint-3'))).toThrow('its save did not finish');
  });
});

describe('the trainer’s state', () => {
  const state = {
    global_step: 3,
    max_steps: 10,
    epoch: 0.5,
    num_input_tokens_seen: 99,
    best_metric: 0.25,
    best_global_step: 2,
    laurel: { cursor: { epoch: 0, position: 3 } },
  };
  it('is read back as it was written', () => {
    const folder = newFolder();
    writeTrainerState(folder, state);
    expect(readTrainerState(folder)).toEqual(state);
  });
  it('is refused when it is missing or another program’s', () => {
    const folder = newFolder();
    expect(() => readTrainerState(folder)).toThrow('trainer_state.json: cannot be read');
    writeFileSync(join(folder, 'trainer_state.json'), '{"global_step": 3}');
    expect(() => readTrainerState(folder)).toThrow('was it saved by another program?');
  });
});

describe('the best evaluation', () => {
  it('is ranked by Transformers’ defaults', () => {
    const none = { metricForBestModel: null, greaterIsBetter: null, loadBestModelAtEnd: false };
    expect(bestMetricRule(none)).toBeUndefined();
    expect(bestMetricRule({ ...none, loadBestModelAtEnd: true })).toEqual({
      key: 'eval_loss',
      greaterIsBetter: false,
    });
    expect(bestMetricRule({ ...none, metricForBestModel: 'reward' })).toEqual({
      key: 'eval_reward',
      greaterIsBetter: true,
    });
    expect(
      bestMetricRule({ ...none, metricForBestModel: 'eval_kl', greaterIsBetter: false }),
    ).toEqual({ key: 'eval_kl', greaterIsBetter: false });
  });
  it('is replaced only by a better one', () => {
    const rule = { key: 'eval_reward', greaterIsBetter: true };
    const first = updateBest({ metric: null, step: null }, rule, {
      step: 10,
      metrics: { eval_reward: 0.5 },
    });
    expect(first).toEqual({ metric: 0.5, step: 10 });
    expect(updateBest(first, rule, { step: 20, metrics: { eval_reward: 0.5 } })).toBe(first);
    expect(updateBest(first, rule, { step: 20, metrics: { eval_reward: null } })).toBe(first);
    expect(updateBest(first, rule, { step: 20, metrics: { eval_reward: 0.6 } }).step).toBe(20);
    expect(() => updateBest(first, rule, { step: 20, metrics: { eval_loss: 1 } })).toThrow(
      'has no eval_reward; it has eval_loss',
    );
  });
});

describe('writeFileDurably', () => {
  it('replaces a file and leaves no other behind', () => {
    const folder = newFolder();
    writeFileDurably(join(folder, 'a'), 'one');
    writeFileDurably(join(folder, 'a'), 'two');
    expect(readdirSync(folder)).toEqual(['a']);
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('two');
  });
  it('says which file the system refused, and keeps the old contents', () => {
    const folder = newFolder();
    expect(() => writeFileDurably(join(folder, 'none', 'a'), 'x')).toThrow(StorageError);
    writeFileDurably(join(folder, 'a'), 'old');
    mkdirSync(join(folder, 'b', 'full'), { recursive: true });
    // A folder with something in it cannot be replaced by a file.
    const replace = () => writeFileDurably(join(folder, 'b'), 'x');
    expect(replace).toThrow(`${join(folder, 'b')}: cannot be written: `);
    expect(replace).toThrow(/see to the disk, then resume the run$/);
    expect(readdirSync(folder)).toEqual(['a', 'b']);
  });
  it('of a killed process leaves a temporary one, which is cleared', () => {
    const folder = newFolder();
    for (const name of ['run.json', 'run.json.0a1b2c3d.tmp', 'mine.tmp'])
      writeFileSync(join(folder, name), '');
    clearTemporaries(folder);
    clearTemporaries(join(folder, 'none'));
    expect(readdirSync(folder)).toEqual(['mine.tmp', 'run.json']);
  });
});
