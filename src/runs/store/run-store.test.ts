import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeManyRuns } from '../../../test/support/many-runs.ts';
import { temporaryRoots } from '../../../test/support/temporary-root.ts';
import { ConfigError } from '../../errors.ts';
import { JsonlSink, type Metrics } from '../../metrics/index.ts';
import { createRun, type Run, RunInUseError, RunStore, resumeRun } from '../index.ts';

const newRoot = temporaryRoots();

const start = {
  trainer: 'grpo',
  seed: 7,
  configYaml: 'per_device_train_batch_size: 8\ngradient_accumulation_steps: 2\n',
  fingerprint: {},
  laurelVersion: '0.1.0',
  totalSteps: 100,
  command: ['/usr/bin/laurel', 'grpo', '--config', 'recipes/a.yaml'],
};

type Line = readonly [step: number, metrics: Metrics, seconds?: number];

/** Logs lines to a run's file; a line's time is its attempt's start plus its seconds (its step unless given). */
function logTo(run: Run, lines: readonly Line[]): void {
  const sink = new JsonlSink(run.metricsFile);
  const startedAt = Date.parse(run.record.attempts.at(-1)!.startedAt) / 1000;
  for (const [step, metrics, seconds = step] of lines)
    sink.write({ step, time: startedAt + seconds, metrics });
  sink.close();
}

function finishedRun(root: string, name: string, lines: readonly Line[] = []): Run {
  const run = createRun(start, { root, name });
  logTo(run, lines);
  run.close('finished', { lastStep: lines.at(-1)?.[0] ?? 0 });
  return run;
}

/** A store with one finished run. */
function storeOf(lines: readonly Line[]): RunStore {
  const root = newRoot();
  finishedRun(root, 'only', lines);
  return RunStore.open(root);
}

describe('a run', () => {
  it('is found by number, folder and name, with what its folder says', () => {
    const store = storeOf([
      [1, { loss: 2, reward: null }],
      [2, { loss: 1, reward: 0.5 }],
      [2, { eval_reward: 0.25 }],
      [3, { loss: null }],
    ]);
    const [run] = store.runs();
    expect(run).toMatchObject({
      folder: join(store.root, 'only'),
      name: 'only',
      trainer: 'grpo',
      state: 'finished',
      step: 3,
      totalSteps: 100,
      seed: 7,
      recipe: 'recipes/a.yaml',
      parent: null,
      paper: null,
      reason: null,
      notes: '',
      tags: [],
      // The last value that is a number.
      latest: { loss: 1, reward: 0.5, eval_reward: 0.25 },
    });
    expect(run!.endedAt).not.toBeNull();
    expect(store.run(run!.id)).toEqual(run);
    expect(store.run('only')).toEqual(run);
    expect(store.run(String(run!.id))).toEqual(run);
    expect(store.run('olny')).toBeUndefined();
    expect(() => store.get('olny')).toThrow('did you mean only?');
    expect(store.metricKeys(run!.id)).toEqual(['eval_reward', 'loss', 'reward']);
    expect(store.attempts(run!.id)).toMatchObject([{ fromStep: 0, outcome: 'finished' }]);
    store.close();
  });
  it('has its metrics whatever they are called', () => {
    const metrics = JSON.parse('{"__proto__":5,"constructor":2}') as Metrics;
    const store = storeOf([[1, metrics]]);
    expect(Object.entries(store.get('only').latest)).toEqual([
      ['__proto__', 5],
      ['constructor', 2],
    ]);
    expect(Object.entries(store.lines(1)[0]!.metrics)).toHaveLength(2);
  });
  it('knows the run whose weights it started from', () => {
    const root = newRoot();
    const first = finishedRun(root, 'first');
    mkdirSync(join(first.folder, 'checkpoints', 'checkpoint-3'));
    const model = join(first.folder, 'checkpoints', 'checkpoint-3');
    const origin = { parent: model };
    createRun({ ...start, origin }, { root, name: 'second' }).close('finished');
    const elsewhere = newRoot();
    createRun({ ...start, origin }, { root: elsewhere, name: 'third' }).close('finished');
    const other = { parent: elsewhere };
    createRun({ ...start, origin: other }, { root, name: 'fourth' }).close('finished');
    expect(RunStore.open(root).get('fourth').parent).toBeNull();
    expect(RunStore.open(root).get('second').parent).toBe('first');
    expect(RunStore.open(elsewhere).get('third').parent).toBe(first.folder);
  });
});

describe('where a run belongs, and how it stands', () => {
  it('is of the paper whose folder its recipe lies in, or that its starter names', () => {
    const root = newRoot();
    const command = ['/x/src/papers/capo/reproduce.ts'];
    createRun({ ...start, command }, { root, name: 'a' }).close('finished');
    createRun({ ...start, origin: { paper: 'rere' } }, { root, name: 'b' }).close('finished');
    const store = RunStore.open(root);
    expect(store.runs({ paper: 'capo' }).map(({ name }) => name)).toEqual(['a']);
    expect(store.get('b')).toMatchObject({ paper: 'rere', recipe: 'recipes/a.yaml' });
  });
  it('is running while it is written; when its process is gone without a word, it was interrupted', () => {
    const root = newRoot();
    const run = createRun(start, { root, name: 'a' });
    const store = RunStore.open(root);
    const reader = RunStore.open(root, { readOnly: true });
    expect(store.get('a').state).toBe('running');
    const { cursor } = reader.changedSince(0);
    const lock = join(run.folder, 'run.lock');
    const owner = JSON.parse(readFileSync(lock, 'utf8'));
    writeFileSync(lock, JSON.stringify({ ...owner, processStart: '1' }));
    const killed = { state: 'interrupted', reason: 'killed', endedAt: null };
    expect(reader.get('a')).toMatchObject(killed);
    expect(store.get('a')).toMatchObject(killed);
    expect(reader.changedSince(cursor).runIds).toEqual([store.get('a').id]);
    expect(store.runs({ state: 'interrupted' })).toHaveLength(1);
    expect(store.runs({ state: 'running' })).toEqual([]);
  });
  it('must be told apart where several have its name', () => {
    const root = newRoot();
    for (const name of ['a', 'b']) finishedRun(root, name);
    const store = RunStore.open(root);
    for (const run of store.runs()) store.annotate(run.id, { name: 'same' });
    expect(() => store.run('same')).toThrow('has 2 runs called same; say which by number');
    expect(store.get('a').name).toBe('same');
  });
});

describe('what people write', () => {
  it('is kept in the run’s folder and survives the loss of the database', () => {
    const root = newRoot();
    finishedRun(root, 'a');
    const store = RunStore.open(root);
    const { id } = store.get('a');
    store.annotate(id, { name: 'best so far', tags: ['x', 'baseline', 'x'] });
    store.annotate(id, { notes: 'higher\nrate' });
    store.close();
    rmSync(join(root, 'laurel.db'));
    const again = RunStore.open(root);
    const run = again.get('best so far');
    expect(run).toMatchObject({ notes: 'higher\nrate', tags: ['baseline', 'x'] });
    expect(again.runs({ tag: 'x', name: 'BEST' })).toHaveLength(1);
    again.annotate(run.id, { tags: [] });
    expect(again.get('a')).toMatchObject({ tags: [], name: 'best so far' });
  });
  it.each([
    { name: '' },
    { name: ' a' },
    { tags: ['a,b'] },
    { tags: ['a\nb'] },
    { name: 'x'.repeat(201) },
  ])('is refused where it breaks a table: %o', (annotations) => {
    const store = storeOf([]);
    expect(() => store.annotate(1, annotations)).toThrow(ConfigError);
    expect(existsSync(join(store.root, 'only', 'annotations.json'))).toBe(false);
  });
});

describe('deleting', () => {
  it('removes folder and rows, and a cursor tells of it', () => {
    const store = storeOf([[1, { loss: 1 }]]);
    const { id } = store.get('only');
    const { cursor } = store.changedSince(0);
    store.delete(id);
    expect(store.runs()).toEqual([]);
    expect(readdirSync(store.root).filter((name) => !name.startsWith('laurel.db'))).toEqual([]);
    expect(store.changedSince(cursor)).toMatchObject({ runIds: [], deletedIds: [id] });
    finishedRun(store.root, 'only');
    store.refresh();
    expect(store.get('only').id).not.toBe(id);
  });
  it('refuses a run that is being written', () => {
    const root = newRoot();
    createRun(start, { root, name: 'a' });
    const store = RunStore.open(root);
    expect(() => store.delete(store.get('a').id)).toThrow(RunInUseError);
    expect(store.runs()).toHaveLength(1);
  });
});

describe('series', () => {
  const lines = Array.from({ length: 50 }, (_, i): Line => {
    const step = 2 * (i + 1);
    return [step, { loss: step, num_tokens: step * 10 }, step / 4];
  });
  it('have each point once, missing values left out', () => {
    const store = storeOf([
      [1, { loss: 2.5, reward: 1 }],
      [2, { loss: null }],
      [4, { loss: 0.1 + 0.2 }],
    ]);
    const [loss, reward, none] = store.series(1, { keys: ['loss', 'reward', 'kl'] });
    expect(loss).toEqual({ key: 'loss', x: [1, 4], y: [2.5, 0.1 + 0.2], total: 2 });
    expect(reward).toEqual({ key: 'reward', x: [1], y: [1], total: 1 });
    expect(none).toEqual({ key: 'kl', x: [], y: [], total: 0 });
  });
  it('lie on four axes', () => {
    const store = storeOf(lines);
    const xOf = (x: 'step' | 'tokens' | 'completions' | 'time') =>
      store.series(1, { keys: ['loss'], x, maxPoints: 50 })[0]!.x.slice(0, 2);
    expect(xOf('step')).toEqual([2, 4]);
    expect(xOf('tokens')).toEqual([20, 40]);
    // 8 · 2 completions a step.
    expect(xOf('completions')).toEqual([32, 64]);
    expect(xOf('time').map((value) => value.toFixed(3))).toEqual(['0.500', '1.000']);
  });
  it.each([
    ['step', 10, 20],
    ['tokens', 100, 200],
    ['completions', 160, 320],
    ['time', 2.499, 5.001],
  ] as const)('are cut to a range of %s, both ends included', (x, from, to) => {
    const [{ y, total } = { y: [], total: 0 }] = storeOf(lines).series(1, {
      keys: ['loss'],
      x,
      from,
      to,
    });
    expect(y).toEqual([10, 12, 14, 16, 18, 20]);
    expect(total).toBe(6);
  });
  it('of a run of many lines lie on the axes too', () => {
    const count = 10_050;
    const many = Array.from(
      { length: count },
      (_, i): Line => [2 * i, { loss: i, num_tokens: 100 * i }],
    );
    const [series] = storeOf(many).series(1, { keys: ['loss'], x: 'tokens', from: 250, to: 700 });
    expect(series).toMatchObject({ x: [300, 400, 500, 600, 700], y: [3, 4, 5, 6, 7] });
    const [whole] = storeOf(many).series(1, { keys: ['loss'], x: 'tokens', maxPoints: 10 });
    expect([whole!.x[0], whole!.x.at(-1)]).toEqual([0, 100 * (count - 1)]);
    expect([...whole!.x].sort((left, right) => left - right)).toEqual(whole!.x);
  });
  it('of an axis that the run does not have are empty', () => {
    const root = newRoot();
    const run = createRun({ ...start, configYaml: '' }, { root, name: 'a' });
    logTo(run, [[1, { loss: 1 }]]);
    const store = RunStore.open(root);
    expect(store.series(1, { keys: ['loss'], x: 'completions' })[0]).toMatchObject({ x: [] });
  });
  it('need room for three points', () => {
    expect(() => storeOf([]).series(1, { keys: ['loss'], maxPoints: 2 })).toThrow('at least 3');
  });
  it('that are long keep ends and extremes and sum up the rest, whatever is asked', () => {
    const count = 3000;
    const values = Array.from({ length: count }, (_, i) => Math.sin(i * i) * 1e3);
    const store = storeOf(values.map((loss, i): Line => [i + 1, { loss }]));
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 200 }),
        fc.integer({ min: 1, max: count }),
        fc.integer({ min: 1, max: count }),
        (maxPoints, a, b) => {
          const [from, to] = [Math.min(a, b), Math.max(a, b)];
          const [series] = store.series(1, { keys: ['loss'], from, to, maxPoints });
          const { x, y, min = series!.y, max = series!.y, total } = series!;
          const expected = values.slice(from - 1, to);
          expect(total).toBe(expected.length);
          expect(x.length).toBeLessThanOrEqual(maxPoints);
          expect([x[0], x.at(-1)]).toEqual([from, to]);
          expect([y[0], y.at(-1)]).toEqual([expected[0], expected.at(-1)]);
          expect(Math.min(...min)).toBe(Math.min(...expected));
          expect(Math.max(...max)).toBe(Math.max(...expected));
          expect([...x].sort((left, right) => left - right)).toEqual(x);
        },
      ),
    );
  });
});

describe('training time', () => {
  it('leaves out the pauses between attempts', () => {
    const root = newRoot();
    const run = createRun(start, { root, name: 'a', now: new Date(1e12) });
    const file = join(run.folder, 'run.json');
    const startFirst = (record: string) =>
      record.replace(/"startedAt": "[^"]+"/, `"startedAt": "${new Date(1e12).toISOString()}"`);
    run.close('interrupted', { lastStep: 2 });
    writeFileSync(file, startFirst(readFileSync(file, 'utf8')));
    const sink = new JsonlSink(run.metricsFile);
    for (const step of [1, 2]) sink.write({ step, time: 1e9 + 10 * step, metrics: { loss: 1 } });
    sink.close();
    // Years later.
    const resumed = resumeRun(run.folder, 2, start);
    logTo(resumed, [[3, { loss: 1 }, 4]]);
    const [{ x } = { x: [] }] = RunStore.open(root).series(1, { keys: ['loss'], x: 'time' });
    expect(x.map((value) => value.toFixed(3))).toEqual(['10.000', '20.000', '24.000']);
  });
});

describe('repair', () => {
  it('rebuilds a missing or damaged database, and puts the damaged one aside', () => {
    const root = newRoot();
    makeManyRuns(root, { runs: 5, linesPerRun: 20 });
    const before = RunStore.open(root);
    const expected = before.runs();
    before.close();
    for (const suffix of ['-wal', '-shm'])
      rmSync(join(root, `laurel.db${suffix}`), { force: true });
    writeFileSync(join(root, 'laurel.db'), 'no database');
    expect(() => RunStore.open(root)).toThrow('is damaged');
    expect(() => RunStore.open(root)).toThrow('laurel runs repair rebuilds it');
    const { runs, problems, aside } = RunStore.repair(root);
    expect([runs, problems]).toEqual([5, []]);
    expect(readFileSync(aside!, 'utf8')).toBe('no database');
    expect(RunStore.open(root).runs()).toEqual(expected);
    rmSync(join(root, 'laurel.db'));
    expect(RunStore.repair(root)).toEqual({ runs: 5, problems: [], aside: undefined });
    expect(RunStore.fromFolders(root).runs()).toEqual(expected);
  });
  it('keeps numbers of runs, drops rows without folders, and names folders that cannot be read', () => {
    const root = newRoot();
    makeManyRuns(root, { runs: 3, linesPerRun: 5 });
    const store = RunStore.open(root);
    const kept = store.get('sft-0001').id;
    rmSync(join(root, 'grpo-0000'), { recursive: true });
    writeFileSync(join(root, 'dpo-0002', 'run.json'), '{');
    const { runs, problems } = RunStore.repair(root);
    expect(runs).toBe(1);
    expect(problems).toEqual([expect.stringContaining('dpo-0002/run.json: is not a readable')]);
    expect(store.run('grpo-0000')).toBeUndefined();
    expect(store.get('sft-0001').id).toBe(kept);
  });
  it.each([
    ['run.json', '{}', 'm/run.json: is not a readable run record: trainer: '],
    ['run.json', 'null', 'm/run.json: is not a readable run record: '],
    ['config.yaml', 'a: [1', 'm/config.yaml: is not valid YAML: '],
    ['metrics.jsonl', '{"step":1,"loss":1,"time":"noon"}\n', 'm: cannot be read: '],
    ['metrics.jsonl', 'loss 1\n{"step":2,"loss":1,"time":2}\n', 'm/metrics.jsonl:1: is not a line'],
    ['annotations.json', '{"tags":1}', 'm/annotations.json: holds no annotations'],
  ])('leaves out a folder whose %s is %j, and no other', (file, content, problem) => {
    const root = newRoot();
    finishedRun(root, 'n', [[1, { loss: 1 }]]);
    const { folder } = finishedRun(root, 'm');
    writeFileSync(join(folder, file), content);
    const problems = [expect.stringContaining(problem)];
    for (const store of [RunStore.open(root), RunStore.fromFolders(root)]) {
      expect(store.runs().map(({ name }) => name)).toEqual(['n']);
      expect(store.problems).toEqual(problems);
    }
    expect(RunStore.repair(root)).toMatchObject({ runs: 1, problems });
  });
  it('of a record that is damaged while its process runs leaves the run as it was', () => {
    const root = newRoot();
    const { folder } = createRun(start, { root, name: 'a' });
    const store = RunStore.open(root);
    writeFileSync(join(folder, 'run.json'), '{');
    expect(store.get('a').state).toBe('running');
  });
  it('finds a database whose middle is damaged', () => {
    const root = newRoot();
    makeManyRuns(root, { runs: 3, linesPerRun: 400 });
    const file = join(root, 'laurel.db');
    const bytes = readFileSync(file);
    bytes.fill(0xff, bytes.length / 2, bytes.length / 2 + 8192);
    writeFileSync(file, bytes);
    expect(RunStore.repair(root)).toMatchObject({ runs: 3, aside: expect.any(String) });
    expect(RunStore.open(root).runs()).toHaveLength(3);
  });
  it('of a folder that does not exist makes an empty database', () => {
    const root = join(newRoot(), 'new');
    expect(RunStore.repair(root)).toMatchObject({ runs: 0 });
    expect(RunStore.open(root, { readOnly: true }).runs()).toEqual([]);
  });
});
