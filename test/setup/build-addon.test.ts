import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fakeLibtorch, load, root, scratchFolder, writeFiles } from './helpers.ts';

const { buildAddon } = await load('build-addon');
const { readLayout } = await load('libtorch-layout');

const ANSWER = `#include <node_api.h>
#include "answer.h"
NAPI_MODULE_INIT() {
  napi_value answer;
  napi_create_int32(env, ANSWER, &answer);
  return answer;
}
`;

beforeEach(() => {
  vi.spyOn(console, 'log').mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

/** A package whose addon exports a number, and a libtorch of empty libraries. */
function tinyPackage(source = ANSWER) {
  const [folder, libtorch] = [scratchFolder(), scratchFolder()];
  writeFiles(folder, {
    'package.json': '{}',
    'native/answer.cc': source,
    'native/answer.h': '#define ANSWER 42\n',
  });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFiles(libtorch, fakeLibtorch());
  for (const name of ['torch', 'torch_cpu', 'c10'])
    execFileSync('g++', [
      '-shared',
      '-o',
      join(libtorch, `lib/lib${name}.so`),
      '-x',
      'c++',
      '/dev/null',
    ]);
  const env = { ...process.env, XDG_CACHE_HOME: join(folder, 'cache') };
  const found = { ...readLayout(libtorch), source: 'LIBTORCH' };
  const build = join(folder, 'build');
  const options = {
    root: folder,
    folder: build,
    found,
    blas: { kind: 'bundled', libraries: [] },
    env,
  };
  return { folder, build, options };
}

const exported = (path: string) =>
  execFileSync(process.execPath, ['-p', `require(${JSON.stringify(path)})`], { encoding: 'utf8' });

/** Builds. @returns whether anything was compiled for it. */
async function compilesIn(options: ReturnType<typeof tinyPackage>['options']): Promise<boolean> {
  vi.mocked(console.log).mockClear();
  await buildAddon(options);
  return vi.mocked(console.log).mock.calls.some(([line]) => String(line).startsWith('Compiling'));
}

test('the addon is built, stamped, and not built again', async () => {
  const { build, options } = tinyPackage();
  const first = await buildAddon(options);
  const addon = join(build, 'laurel.node');
  expect(first.built).toBe(true);
  expect(createRequire(import.meta.url)(addon)).toBe(42);
  const stamp = JSON.parse(readFileSync(join(build, 'build.json'), 'utf8'));
  expect(stamp.libtorch).toMatchObject({ version: '2.4.0', source: 'LIBTORCH' });
  const { mtimeMs } = statSync(addon);
  expect((await buildAddon(options)).built).toBe(false);
  expect(statSync(addon).mtimeMs).toBe(mtimeMs);
  expect(readdirSync(build).sort()).toEqual(['build.json', 'laurel.node']);
});

test('a changed header builds the addon again, and changing it back compiles nothing', async () => {
  const { folder, build, options } = tinyPackage();
  await buildAddon(options);
  writeFileSync(join(folder, 'native/answer.h'), '#define ANSWER 43\n');
  expect((await buildAddon(options)).built).toBe(true);
  expect(exported(join(build, 'laurel.node')).trim()).toBe('43');
  writeFileSync(join(folder, 'native/answer.h'), '#define ANSWER 42\n');
  expect(await compilesIn(options)).toBe(false);
  expect(exported(join(build, 'laurel.node')).trim()).toBe('42');
});

test('another package with the same sources takes its objects from the cache', async () => {
  const first = tinyPackage();
  await buildAddon(first.options);
  const second = tinyPackage();
  const { found, env } = first.options;
  expect(await compilesIn({ ...second.options, found, env })).toBe(false);
  expect(exported(join(second.build, 'laurel.node')).trim()).toBe('42');
});

test('a file that does not compile shows what the compiler said and what to do', async () => {
  const { build, options } = tinyPackage('#error the reason\n');
  await expect(buildAddon(options)).rejects.toThrow(
    /does not compile:\n[\s\S]*the reason[\s\S]*set LIBTORCH[\s\S]*build\.log/,
  );
  expect(readFileSync(join(build, 'build.log'), 'utf8')).toContain('the reason');
});

test('an addon that does not load never replaces one that does', async () => {
  const { folder, build, options } = tinyPackage();
  await buildAddon(options);
  const broken = `extern "C" void nowhere();\n${ANSWER.replace('napi_value answer;', 'napi_value answer; nowhere();')}`;
  writeFileSync(join(folder, 'native/answer.cc'), broken);
  await expect(buildAddon(options)).rejects.toThrow(/does not load:\n[\s\S]*nowhere/);
  expect(exported(join(build, 'laurel.node')).trim()).toBe('42');
});

test('a compiler that is missing is named with the commands that install one', async () => {
  const { options } = tinyPackage();
  const env = { ...options.env, CXX: 'no-such-compiler -v' };
  await expect(buildAddon({ ...options, env })).rejects.toThrow(
    /`no-such-compiler` does not run[\s\S]*sudo apt-get install g\+\+/,
  );
});
