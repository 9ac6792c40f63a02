import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';

/** Writes files below a new folder, which is removed when the tests of the file are done. */
export function temporaryFiles() {
  const root = mkdtempSync(join(tmpdir(), 'laurel-files-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const write = (name: string, content: string): string => {
    const file = join(root, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  };
  return { root, write };
}
