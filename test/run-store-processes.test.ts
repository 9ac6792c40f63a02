import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type MetricsLine, RunStore } from '../src/runs/index.ts';
import { temporaryRoots } from './support/temporary-root.ts';

const newRoot = temporaryRoots();
const script = fileURLToPath(new URL('./support/write-run.ts', import.meta.url));
const LINES = 300;

function startTrainer(root: string, name: string, lines = LINES) {
  const words = ['--import', 'jiti/register', script, root, name, String(lines)];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => {
    stderr += text.toString();
  });
  return { child, ended: once(child, 'close').then(([code]) => ({ code, stderr })) };
}

const names = ['a', 'b', 'c', 'd'];

test('four trainers write at once while a reader follows, and nothing is lost or seen twice', async () => {
  const root = newRoot();
  const trainers = names.map((name) => startTrainer(root, name));
  const ended = Promise.all(trainers.map(({ ended: end }) => end));
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  const store = RunStore.open(root);
  const followed = new Map<string, MetricsLine[]>();
  let cursor = 0;
  while (!isOver) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const changes = store.changedSince(cursor);
    for (const id of changes.runIds) {
      const { name } = store.get(id);
      const lines = store.lines(id, cursor, changes.cursor);
      followed.set(name, [...(followed.get(name) ?? []), ...lines]);
    }
    cursor = changes.cursor;
  }
  for (const { code, stderr } of await ended) expect([code, stderr]).toEqual([0, '']);
  for (const id of store.changedSince(cursor).runIds)
    followed.get(store.get(id).name)!.push(...store.lines(id, cursor));
  const steps = Array.from({ length: LINES }, (_, i) => i + 1);
  for (const name of names) {
    const { id, state, latest } = store.get(name);
    expect([state, latest['reward']]).toEqual(['finished', LINES]);
    expect(store.series(id, { keys: ['reward'], maxPoints: LINES })[0]!.y).toEqual(steps);
    expect(followed.get(name)!.map(({ step }) => step)).toEqual(steps);
    expect(store.events(id)).toHaveLength(LINES / 100);
  }
  store.close();
});

test('a trainer that is killed leaves a run that was interrupted, with every line of its file', async () => {
  const root = newRoot();
  const { child, ended } = startTrainer(root, 'a', 100_000);
  const store = RunStore.open(root);
  while ((store.run('a')?.step ?? 0) < 20) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    store.refresh();
  }
  expect(store.get('a').state).toBe('running');
  child.kill('SIGKILL');
  await ended;
  expect(store.get('a')).toMatchObject({ state: 'interrupted', reason: 'killed', endedAt: null });
  const { id, step } = store.get('a');
  const folder = RunStore.fromFolders(root).get('a');
  expect(folder).toMatchObject({ state: 'interrupted', step });
  expect(store.series(id, { keys: ['loss'] })[0]!.total).toBe(step);
  expect(folder.folder).toBe(join(root, 'a'));
});
