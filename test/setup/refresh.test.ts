import { existsSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fakePrograms, load, root, scratchFolder, writeFiles } from './helpers.ts';

const { installDependencies } = await load('dependencies');
const { compileTypescript } = await load('compile-typescript');
const { buildDashboard } = await load('build-dashboard');

beforeEach(() => {
  vi.spyOn(console, 'log').mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

const lock = (version: string) =>
  JSON.stringify({ packages: { '': {}, 'node_modules/a': { version } } });

/** A clone whose `npm` only records what it was asked. */
function clone({ installed }: { installed?: string }) {
  const folder = scratchFolder();
  writeFiles(folder, { 'package-lock.json': lock('1.0.0') });
  if (installed) {
    writeFiles(folder, { 'node_modules/.package-lock.json': lock(installed) });
    utimesSync(join(folder, 'node_modules/.package-lock.json'), 1000, 1000);
  }
  const env = fakePrograms({ npm: 'echo "$1" >> $HOME/log' });
  installDependencies(folder, env);
  const log = join(env.HOME, 'log');
  return existsSync(log) ? readFileSync(log, 'utf8').trim() : 'npm did not run';
}

test('npm ci runs when node_modules is missing', () => {
  expect(clone({})).toBe('ci');
});

test('npm ci runs when a newer package-lock.json asks for other versions', () => {
  expect(clone({ installed: '0.9.0' })).toBe('ci');
});

test('a package-lock.json that is newer but asks for what is there starts nothing', () => {
  expect(clone({ installed: '1.0.0' })).toBe('npm did not run');
});

function sources(): string {
  const folder = scratchFolder();
  const options = { module: 'nodenext', rootDir: 'src', strict: true, types: [] };
  writeFiles(folder, {
    'tsconfig.json': '{}',
    'tsconfig.build.json': JSON.stringify({ compilerOptions: options, include: ['src'] }),
    'package.json': '{"type":"module"}',
    'src/a.ts': 'export const a = 1;\n',
    'src/b.ts': 'export const b = 2;\n',
  });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

test('dist/ is compiled once, again after a change, and keeps nothing of deleted sources', () => {
  const folder = sources();
  expect([compileTypescript(folder), compileTypescript(folder)]).toEqual([true, false]);
  rmSync(join(folder, 'src/b.ts'));
  expect(compileTypescript(folder)).toBe(true);
  expect(existsSync(join(folder, 'dist/a.js'))).toBe(true);
  expect(existsSync(join(folder, 'dist/b.js'))).toBe(false);
});

test('a type error is shown, and tried again next time', () => {
  const folder = sources();
  writeFileSync(join(folder, 'src/a.ts'), 'export const a: string = 1;\n');
  expect(compileTypescript(folder)).toBe(true);
  expect(vi.mocked(console.log).mock.calls.flat().join('\n')).toContain('src/a.ts(1,14)');
  expect(compileTypescript(folder)).toBe(true);
});

function pages(): string {
  const folder = sources();
  writeFiles(folder, {
    'dashboard/index.html': '<!doctype html><script type="module" src="/main.ts"></script>',
    'dashboard/main.ts': "document.title = 'first';",
  });
  return folder;
}

test('pages are built once, again after a change, and outlast a compilation', () => {
  const folder = pages();
  expect([buildDashboard(folder), buildDashboard(folder)]).toEqual([true, false]);
  expect(compileTypescript(folder)).toBe(true);
  expect(existsSync(join(folder, 'dist/dashboard/index.html'))).toBe(true);
  expect(buildDashboard(folder)).toBe(false);
  writeFileSync(join(folder, 'dashboard/main.ts'), "document.title = 'second';");
  expect(buildDashboard(folder)).toBe(true);
});

test('without vite, set-up says so and goes on', () => {
  const folder = pages();
  rmSync(join(folder, 'node_modules'));
  expect(buildDashboard(folder)).toBe(false);
  expect(vi.mocked(console.log).mock.calls.flat().join('\n')).toContain('vite is missing');
});

test('pages that do not build are said, kept as they were, and tried again', () => {
  const folder = pages();
  buildDashboard(folder);
  writeFileSync(join(folder, 'dashboard/main.ts'), 'this is no program');
  expect([buildDashboard(folder), buildDashboard(folder)]).toEqual([false, false]);
  expect(vi.mocked(console.log).mock.calls.flat().join('\n')).toContain('not built');
  expect(existsSync(join(folder, 'dist/dashboard/index.html'))).toBe(true);
});

test('package-lock.json has the optional packages of every platform, without which npm ci stops', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const missing = Object.values<{ optionalDependencies?: object }>(packages)
    .flatMap(({ optionalDependencies }) => Object.keys(optionalDependencies ?? {}))
    .filter((name) => !(`node_modules/${name}` in packages));
  expect(missing).toEqual([]);
});
