import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** The repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A module of setup/, which is plain JavaScript without declarations. */
export const load = (name: string) =>
  import(new URL(`../../setup/${name}.mjs`, import.meta.url).href);

/** An empty folder that goes when the test ends. */
export function scratchFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'laurel-setup-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files under `folder`, by path. */
export function writeFiles(folder: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

const NEW_ABI = '_ZN3c105ErrorC1ENS_14SourceLocationENSt7__cxx1112basic_stringIcE';
const OLD_ABI = '_ZN3c105ErrorC1ENS_14SourceLocationESs';

/** The files by which set-up recognises a libtorch, without any code in them. */
export function fakeLibtorch({ version = '2.4.0', abi = 'new', standard = 201703 } = {}) {
  return {
    'version.py': `__version__ = '${version}'\n`,
    'include/ATen/core/dispatch/Dispatcher.h': '',
    'include/torch/csrc/api/include/torch/all.h': `#if __cplusplus < ${standard}L\n`,
    'lib/libtorch_cpu.so': '',
    'lib/libc10.so': abi === 'new' ? NEW_ABI : OLD_ABI,
  };
}

/** A folder of shell scripts to put first in PATH. @returns the environment that does so. */
export function fakePrograms(scripts: Record<string, string>) {
  const bin = scratchFolder();
  for (const [name, body] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return { PATH: `${bin}:/usr/bin:/bin`, HOME: bin };
}
