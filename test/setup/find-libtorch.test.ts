import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeLibtorch, fakePrograms, load, scratchFolder, writeFiles } from './helpers.ts';

const { findLibtorch } = await load('find-libtorch');
const { readLayout } = await load('libtorch-layout');
const { chooseBlas } = await load('blas');
const { linkFlags, compileFlags } = await load('compiler');

const withoutPython = () => fakePrograms({ python3: 'exit 1' });
const withPython = (origin: string) => fakePrograms({ python3: `echo ${origin}` });

function libtorchIn(options?: Parameters<typeof fakeLibtorch>[0], below = ''): string {
  const folder = join(scratchFolder(), below);
  writeFiles(folder, fakeLibtorch(options));
  return folder;
}

test('LIBTORCH comes before the PyTorch of python3, and that before the system', () => {
  const [named, python, system] = ['2.1.0', '2.2.0', '2.3.0'].map((version) =>
    libtorchIn({ version }),
  );
  const env = { ...withPython(`${python}/__init__.py`), LIBTORCH: named };
  const found = findLibtorch({ env, systemPrefixes: [system] });
  expect([found.source, found.libtorch.version]).toEqual(['LIBTORCH', '2.1.0']);
  const second = findLibtorch({ env: { ...env, LIBTORCH: '' }, systemPrefixes: [system] });
  expect([second.source, second.libtorch.version]).toEqual(['python3', '2.2.0']);
  const third = findLibtorch({ env: withoutPython(), systemPrefixes: [system] });
  expect([third.source, third.libtorch.version]).toEqual(['system', '2.3.0']);
});

test('LIBTORCH may name the folder that holds the torch package', () => {
  const package_ = libtorchIn({}, 'site-packages/torch');
  const { libtorch } = findLibtorch({ env: { LIBTORCH: join(package_, '..') } });
  expect(libtorch.root).toBe(package_);
});

test('a LIBTORCH that cannot be used stops with what was looked for, not with another libtorch', () => {
  const folder = scratchFolder();
  const system = libtorchIn();
  const find = () => findLibtorch({ env: { LIBTORCH: folder }, systemPrefixes: [system] });
  expect(find).toThrow(`LIBTORCH=${folder} cannot be used: no libtorch_cpu.so in ${folder}/lib`);
});

test('a PyTorch without C++ headers is passed over, and said to be', () => {
  const python = scratchFolder();
  writeFiles(python, { 'lib/libtorch_cpu.so': '' });
  const system = libtorchIn();
  const env = withPython(`${python}/__init__.py`);
  const { source, passedOver } = findLibtorch({ env, systemPrefixes: [system] });
  expect(source).toBe('system');
  expect(passedOver[0]).toContain(`python3: ${python}: no C++ headers`);
});

test('a libtorch older than 1.13 is refused and 1.13 is taken', () => {
  expect(readLayout(libtorchIn({ version: '1.12.1' })).problem).toContain('1.12.1 is older');
  expect(readLayout(libtorchIn({ version: '1.13.0' })).libtorch.version).toBe('1.13.0');
});

test('the version comes from the headers where no Python file gives it', () => {
  const folder = libtorchIn();
  const header = ['MAJOR 2', 'MINOR 13', 'PATCH 1'].map((part) => `#define TORCH_VERSION_${part}`);
  writeFiles(folder, {
    'version.py': '',
    'include/torch/headeronly/version.h': `${header.join('\n')}\n`,
  });
  expect(readLayout(folder).libtorch.version).toBe('2.13.1');
});

test.runIf(process.platform === 'linux')('the C++ ABI is read from the symbols of libc10', () => {
  const flags = (abi: 'new' | 'old') => compileFlags(readLayout(libtorchIn({ abi })).libtorch);
  expect(flags('new')).toContain('-D_GLIBCXX_USE_CXX11_ABI=1');
  expect(flags('old')).toContain('-D_GLIBCXX_USE_CXX11_ABI=0');
});

test('the C++ standard is the one that the headers ask for, and at least 17', () => {
  const flag = (standard: number) => compileFlags(readLayout(libtorchIn({ standard })).libtorch)[0];
  expect([201402, 201703, 202002].map(flag)).toEqual(['-std=c++17', '-std=c++17', '-std=c++20']);
});

test('the CUDA libraries are linked where there are any', () => {
  const folder = libtorchIn();
  expect(linkFlags(readLayout(folder).libtorch, { libraries: [] })).not.toContain('-ltorch_cuda');
  writeFiles(folder, { 'lib/libtorch_cuda.so': '' });
  const flags = linkFlags(readLayout(folder).libtorch, { libraries: [] });
  expect(flags).toEqual(expect.arrayContaining(['-ltorch_cuda', '-lc10_cuda']));
});

test.runIf(process.platform === 'linux')(
  "OpenBLAS's openmp build is linked by its own path, whatever the system prefers",
  () => {
    const folder = libtorchIn();
    writeFiles(folder, {
      'lib/openblas-pthread/libblas.so.3': '',
      'lib/openblas-openmp/libblas.so.3': '',
      'lib/openblas-openmp/libopenblas.so.0': '',
    });
    symlinkSync('openblas-pthread/libblas.so.3', join(folder, 'lib/libblas.so.3'));
    const { libtorch } = readLayout(folder);
    const openmp = join(folder, 'lib/openblas-openmp');
    const blas = chooseBlas(libtorch, {});
    expect(blas.kind).toBe('openblas-openmp');
    expect(blas.libraries).toEqual([`${openmp}/libblas.so.3`, `${openmp}/libopenblas.so.0`]);
    expect(linkFlags(libtorch, blas).filter((flag: string) => flag.includes('rpath'))).toEqual([
      `-Wl,-rpath,${openmp}`,
      `-Wl,-rpath,${folder}/lib`,
    ]);
    const kept = chooseBlas(libtorch, { LAUREL_BLAS: 'system' });
    expect([kept.kind, kept.libraries]).toEqual(['openblas-pthread', []]);
    expect(kept.advice).toContain('unset LAUREL_BLAS');
    rmSync(openmp, { recursive: true });
    expect(chooseBlas(libtorch, {}).advice).toContain(
      'install --no-install-recommends libopenblas0-openmp',
    );
  },
);

test('a libtorch that brings its own BLAS gets none linked', () => {
  expect(chooseBlas(readLayout(libtorchIn()).libtorch, {})).toEqual({
    kind: 'bundled',
    libraries: [],
  });
});
