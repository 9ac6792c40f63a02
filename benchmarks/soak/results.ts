import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeSystem } from 'laurel/tensor';
import { processorName } from '../results.ts';

/** Where results are stored unless another file is named. */
export const soakResults = fileURLToPath(new URL('../results/soak.json', import.meta.url));

function revision(): string | null {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return null; // Not a clone.
  }
}

/** Stores one part of a results file, with where and when it was measured; other parts stay. */
export function storeResult(file: string, part: 'memory' | 'kills', result: object): void {
  const before = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>)
    : {};
  const measured = {
    at: new Date().toISOString(),
    revision: revision(),
    processor: processorName(),
    node: process.version,
    libtorch: describeSystem().torch,
  };
  mkdirSync(dirname(file), { recursive: true });
  const after = { ...before, [part]: { measured, ...result } };
  writeFileSync(file, `${JSON.stringify(after, null, 2)}\n`);
  console.log(`stored in ${file}`);
}
