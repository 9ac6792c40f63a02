import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from './support/tiny-policy.ts';

const script = fileURLToPath(new URL('../scripts/parity.mjs', import.meta.url));
const folder = temporaryFolder();

/** Runs the script on one generator with an interpreter that does this to the file beside it instead. */
function parity(name: string, edit: string) {
  const python = join(folder, name);
  const body = `const { dirname, join } = require('node:path');
    const { readFileSync, writeFileSync } = require('node:fs');
    const file = join(dirname(process.argv[2]), 'optim.json');
    const golden = JSON.parse(readFileSync(file, 'utf8'));
    ${edit}
    writeFileSync(file, JSON.stringify(golden));`;
  writeFileSync(python, `#!${process.execPath}\n${body}`, { mode: 0o755 });
  const args = [script, '--only', 'optim/make', '--python', `transformers-5=${python}`];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

describe('npm run parity', () => {
  test('finds nothing where values are rebuilt as they were, up to rounding and versions', () => {
    const edit = `golden.versions.torch = '9'; golden.schedules[0].factors[0] *= 1 + 1e-9;`;
    const { status, said } = parity('same', edit);
    expect(status, said).toBe(0);
    expect(said).toMatch(/optim\/optim\.json: [\d,]+ values, unchanged/);
  });
  test('names a value that moved, and fails', () => {
    const { status, said } = parity('moved', `golden.schedules[0].factors[1] = 7;`);
    expect(status, said).toBe(1);
    expect(said).toMatch(/schedules\[0\]\.factors\[1\] was [\d.]+, is 7/);
  });
  test('tells a generator that fails from values that changed', () => {
    const { status, said } = parity('broken', `console.error('no such library'); process.exit(3);`);
    expect(status, said).toBe(2);
    expect(said).toContain('no such library');
  });
});
