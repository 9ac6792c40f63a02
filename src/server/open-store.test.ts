import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeFakeRun } from '../../test/support/fake-run.ts';
import { temporaryRoots } from '../../test/support/temporary-root.ts';
import { RunStore } from '../runs/store/index.ts';
import { OpenStore } from './open-store.ts';

const newRoot = temporaryRoots();

const removeDatabase = (root: string): void => {
  for (const suffix of ['', '-wal', '-shm'])
    rmSync(join(root, `laurel.db${suffix}`), { force: true });
};

it('goes on when a damaged database that took the place of another is repaired', () => {
  const root = newRoot();
  makeFakeRun(root, { name: 'a' });
  const store = new OpenStore(root);
  removeDatabase(root);
  writeFileSync(join(root, 'laurel.db'), 'no database');
  for (let request = 0; request < 3; request++) expect(() => store.current).toThrow('is damaged');
  RunStore.repair(root);
  expect(store.current.runs().map(({ name }) => name)).toEqual(['a']);
  store.close();
});

it('makes the database anew when it is deleted', () => {
  const root = newRoot();
  makeFakeRun(root, { name: 'a' });
  const store = new OpenStore(root);
  removeDatabase(root);
  expect(store.current.runs().map(({ name }) => name)).toEqual(['a']);
  store.close();
});
