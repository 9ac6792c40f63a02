import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeManyRuns } from '../../../test/support/many-runs.ts';
import { temporaryRoots } from '../../../test/support/temporary-root.ts';
import { RunStore } from '../index.ts';
import { Database } from './database.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations/index.ts';
import { openDatabase } from './open-database.ts';

const newRoot = temporaryRoots();
const memory = () => new Database(':memory:', { busyTimeoutMs: 0 });
const first = { version: 1, name: 'a', sql: 'CREATE TABLE a (x); INSERT INTO a VALUES (7)' };
const second = { version: 2, name: 'b', sql: 'ALTER TABLE a ADD COLUMN y' };
const broken = { version: 2, name: 'b', sql: 'ALTER TABLE a ADD COLUMN y; SELECT * FROM missing' };
const versionOf = (database: Database) => database.get('PRAGMA user_version')![0];

describe('migrations', () => {
  it('are numbered from 1 without a gap', () => {
    expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, i) => i + 1));
  });
  it('run in order, each once, and keep what is there', () => {
    const database = memory();
    migrate(database, 'f', { steps: [first] });
    migrate(database, 'f', { steps: [first, second] });
    migrate(database, 'f', { steps: [first, second] });
    expect(database.all('SELECT x, y FROM a')).toEqual([[7, null]]);
    expect(versionOf(database)).toBe(2);
  });
  it('that fail leave the database as it was', () => {
    const database = memory();
    migrate(database, 'f', { steps: [first] });
    expect(() => migrate(database, 'f', { steps: [first, broken] })).toThrow('missing');
    expect(versionOf(database)).toBe(1);
    expect(() => database.get('SELECT y FROM a')).toThrow('no such column');
  });
  it('refuse a newer database, and, where nothing may change, an older one', () => {
    const database = memory();
    expect(() => migrate(database, 'f', { steps: [first], readOnly: true })).toThrow(
      'f: the run database has version 0, and this Laurel reads version 1; laurel runs repair',
    );
    migrate(database, 'f', { steps: [first, second] });
    expect(() => migrate(database, 'f', { steps: [first] })).toThrow(
      'f: the run database has version 2, and this Laurel knows versions up to 1; use the Laurel that made it, or a newer one',
    );
  });
});

describe('a store', () => {
  it('of a newer version is neither opened nor repaired away', () => {
    const root = newRoot();
    const database = openDatabase(root);
    database.exec('PRAGMA user_version = 999');
    database.close();
    for (const open of [RunStore.open, RunStore.repair])
      expect(() => open(root)).toThrow('has version 999');
    expect(versionOf(new Database(`${root}/laurel.db`, { busyTimeoutMs: 0 }))).toBe(999);
  });
});

describe('a database of an earlier version', () => {
  it.each([1])('%d is brought up to date, and says what it said', (version) => {
    const root = newRoot();
    makeManyRuns(root, { runs: 2, linesPerRun: 20 });
    const fresh = RunStore.open(root);
    const expected = fresh.series(fresh.get('sft-0001').id, { keys: ['loss'], x: 'tokens' });
    fresh.close();
    for (const suffix of ['-wal', '-shm'])
      rmSync(join(root, `laurel.db${suffix}`), { force: true });
    const saved = `../../../test/golden/run-store/version-${version}.db`;
    copyFileSync(new URL(saved, import.meta.url), join(root, 'laurel.db'));
    const store = RunStore.open(root);
    const run = store.get('second');
    expect(run).toMatchObject({ trainer: 'sft', state: 'finished', step: 20, tags: ['kept'] });
    expect(store.series(run.id, { keys: ['loss'], x: 'tokens' })).toEqual(expected);
    expect(versionOf(openDatabase(root))).toBe(migrations.at(-1)!.version);
  });
});
