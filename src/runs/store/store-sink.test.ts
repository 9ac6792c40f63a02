import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { temporaryRoots } from '../../../test/support/temporary-root.ts';
import { JsonlSink, type Metrics } from '../../metrics/index.ts';
import { createRun, type Run, RunJournal, RunStore, resumeRun, StoreSink } from '../index.ts';
import { Database } from './database.ts';

const newRoot = temporaryRoots();

const start = {
  trainer: 'grpo',
  seed: 7,
  configYaml: 'per_device_train_batch_size: 4\ngradient_accumulation_steps: 1\n',
  fingerprint: {},
  laurelVersion: '0.1.0',
  totalSteps: 9,
  command: ['laurel', 'grpo'],
};

/** A run with the sinks that a trainer gives it. */
function writing(run: Run) {
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  const store = new StoreSink(run, { warn });
  const journal = new RunJournal(run.folder, store, warn);
  const file = new JsonlSink(run.metricsFile);
  store.open();
  const log = (step: number, metrics: Metrics) => {
    const entry = { step, time: Date.now() / 1000, metrics };
    file.write(entry);
    store.write(entry);
    journal.step = step;
  };
  const end = () => {
    file.close();
    run.close('finished', { lastStep: journal.step });
    store.end();
    store.close();
  };
  return { run, log, end, journal, store, warnings };
}

const newRun = (root: string) => writing(createRun(start, { root, name: 'a' }));

/** Everything that a store says of the one run in it, numbers of rows aside. */
function contentOf(store: RunStore) {
  const [{ id, ...run }] = store.runs() as [ReturnType<RunStore['runs']>[0]];
  const keys = store.metricKeys(id);
  const axes = (['step', 'tokens', 'completions', 'time'] as const).map((x) =>
    store.series(id, { keys, x }),
  );
  const events = store.events(id).map(({ id: _, runId: __, ...event }) => event);
  store.close();
  return { run, axes, events, attempts: store.attempts.name, keys };
}

describe('a run that is written', () => {
  it('is seen at once by a reader', () => {
    const root = newRoot();
    const { log, end } = newRun(root);
    const reader = RunStore.open(root, { readOnly: true });
    expect(reader.get('a')).toMatchObject({ state: 'running', step: 0, totalSteps: 9 });
    log(1, { loss: 2 });
    expect(reader.get('a')).toMatchObject({ step: 1, latest: { loss: 2 } });
    end();
    expect(reader.get('a')).toMatchObject({ state: 'finished', step: 1 });
  });
  it('shows lines that follow fast within a second', () => {
    vi.useFakeTimers();
    try {
      const root = newRoot();
      const { log, end } = newRun(root);
      const reader = RunStore.open(root, { readOnly: true });
      for (const step of [1, 2, 3]) log(step, { loss: step });
      expect(reader.get('a').step).toBe(1);
      vi.advanceTimersByTime(1000);
      expect(reader.get('a').step).toBe(3);
      end();
    } finally {
      vi.useRealTimers();
    }
  });
  it('is in the database as a repair would enter it, however it was stopped and resumed', () => {
    const step = fc.integer({ min: 1, max: 8 });
    const attempt = fc.record({ steps: step, from: step, evaluates: fc.boolean() });
    fc.assert(
      fc.property(fc.array(attempt, { minLength: 1, maxLength: 4 }), (attempts) => {
        const root = newRoot();
        let last = 0;
        for (const { steps, from, evaluates } of attempts) {
          const resumedAt = Math.min(from, last);
          const folder = join(root, 'a');
          const { log, end, journal } =
            last === 0 ? newRun(root) : writing(resumeRun(folder, resumedAt, start));
          journal.note('start', '', 'started', resumedAt);
          last = resumedAt + steps;
          for (let at = resumedAt + 1; at <= last; at++) {
            log(at, { loss: Math.sqrt(at), num_tokens: 3 * at, reward: at % 3 ? at : null });
            if (evaluates) log(at, { eval_loss: at / 7 });
            journal.note('warning', '', `at ${at}`);
          }
          end();
        }
        expect(contentOf(RunStore.open(root))).toEqual(contentOf(RunStore.fromFolders(root)));
      }),
      { numRuns: 20 },
    );
  });
  it('anew in a folder of a name that was used before starts empty', () => {
    const root = newRoot();
    const first = newRun(root);
    first.log(5, { loss: 1 });
    first.end();
    const store = RunStore.open(root);
    store.annotate(store.get('a').id, { name: 'other', tags: ['x'] });
    rmSync(join(root, 'a'), { recursive: true });
    newRun(root).end();
    expect(store.get('a')).toMatchObject({ name: 'a', tags: [], step: 0, latest: {} });
  });
});

describe('a database that cannot be written', () => {
  const troubles: Record<string, (file: string) => void> = {
    'is a folder': (file) => mkdirSync(file),
    'is damaged': (file) => writeFileSync(file, 'x'.repeat(5000)),
    'is newer': (file) => {
      const database = new Database(file, { busyTimeoutMs: 0 });
      database.exec('PRAGMA user_version = 99');
      database.close();
    },
  };
  it.each(Object.keys(troubles))('because it %s is told of once, and the run goes on', (name) => {
    const root = newRoot();
    const file = join(root, 'laurel.db');
    troubles[name]!(file);
    const { log, end, store, warnings, journal } = newRun(root);
    log(1, { loss: 2 });
    store.sync();
    log(2, { loss: 1 });
    journal.note('checkpoint', '', 'checkpoint-2');
    end();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /^.*laurel\.db: the run database .*; the run goes on, its folder has everything, and laurel runs repair enters it$/,
    );
    rmSync(file, { recursive: true });
    const [run] = RunStore.open(root).runs();
    expect(run).toMatchObject({ state: 'finished', step: 2, latest: { loss: 1 } });
  });
  it('while another process holds it delays no step by much, and has everything afterwards', () => {
    const root = newRoot();
    const { log, end, warnings } = newRun(root);
    const other = new Database(join(root, 'laurel.db'), { busyTimeoutMs: 0 });
    other.exec('BEGIN IMMEDIATE');
    const startedAt = performance.now();
    for (let step = 1; step <= 50; step++) log(step, { loss: step });
    expect(performance.now() - startedAt).toBeLessThan(1000);
    other.exec('ROLLBACK');
    log(51, { loss: 51 });
    end();
    const store = RunStore.open(root);
    expect(store.series(store.get('a').id, { keys: ['loss'] })[0]!.total).toBe(51);
    expect(warnings).toEqual([]);
  });
  it('that took its place is written from then on, with all there is', () => {
    vi.useFakeTimers();
    try {
      const root = newRoot();
      const { log, end, warnings } = newRun(root);
      log(1, { loss: 1 });
      for (const suffix of ['', '-wal', '-shm']) rmSync(join(root, `laurel.db${suffix}`));
      const reader = RunStore.open(root);
      log(2, { loss: 2 });
      log(3, { loss: 3 });
      vi.advanceTimersByTime(1000);
      expect(reader.get('a').step).toBe(3);
      expect(reader.lines(1).map(({ step }) => step)).toEqual([1, 2, 3]);
      end();
      expect(reader.get('a').state).toBe('finished');
      expect(warnings).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });
  it('since it was deleted is made anew at the next checkpoint, with all there is', () => {
    const root = newRoot();
    const { log, end, store, warnings } = newRun(root);
    log(1, { loss: 1 });
    for (const suffix of ['', '-wal', '-shm'])
      rmSync(join(root, `laurel.db${suffix}`), { force: true });
    log(2, { loss: 2 });
    store.sync();
    log(3, { loss: 3 });
    end();
    expect(warnings).toEqual([]);
    const again = RunStore.open(root);
    const { id, state } = again.get('a');
    expect(state).toBe('finished');
    expect(again.series(id, { keys: ['loss'] })[0]!.y).toEqual([1, 2, 3]);
  });
});
