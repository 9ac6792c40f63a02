import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LaurelError } from '../../errors.ts';
import { needsTypeScriptLoader } from '../../rewards/typescript-support.ts';
import type { CellAnswer, CellRequest } from './cell-protocol.ts';
import type { CellOutcome } from './run-cells.ts';

export interface CellProcessOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}

/** What a failing process wrote last, for the message. */
const TAIL_CHARACTERS = 400;

/**
 * Computes a cell in a process of its own, with one thread, so that cells side by side share nothing and none can take
 * the others down. An abort kills it.
 * @throws LaurelError when the cell fails or its process ends.
 */
export function computeInProcess(
  request: CellRequest,
  { signal, onProgress }: CellProcessOptions,
): Promise<CellOutcome> {
  const child = startChild();
  const kill = () => child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  process.once('exit', kill);
  let tail = '';
  child.stderr?.on('data', (text: Buffer) => {
    tail = (tail + text.toString('utf8')).slice(-TAIL_CHARACTERS);
  });
  const outcome = new Promise<CellOutcome>((resolve, reject) => {
    child.on('message', (answer: CellAnswer) => {
      if (answer.type === 'progress') onProgress(answer.text);
      else if (answer.type === 'done') resolve(answer.outcome);
      else reject(new LaurelError(answer.message));
    });
    child.once('error', (error) => reject(new LaurelError(error.message, { cause: error })));
    child.once('close', (code, by) => {
      const end = by === null ? `ended with exit code ${code}` : `was ended by ${by}`;
      reject(new LaurelError(`its process ${end}${tail === '' ? '' : `: ${tail.trim()}`}`));
    });
  });
  child.send(request, () => {}); // A closed channel shows as an exit.
  return outcome.finally(() => {
    signal.removeEventListener('abort', kill);
    process.off('exit', kill);
  });
}

function startChild(): ChildProcess {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const entry = fileURLToPath(new URL(`./cell-child.${extension}`, import.meta.url));
  return fork(entry, {
    execArgv: loaderArguments(entry),
    serialization: 'json',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, OMP_NUM_THREADS: '1' },
  });
}

function loaderArguments(entry: string): string[] {
  if (!needsTypeScriptLoader(entry)) return [];
  const jiti = dirname(createRequire(import.meta.url).resolve('jiti/package.json'));
  return ['--import', pathToFileURL(join(jiti, 'lib/jiti-register.mjs')).href];
}
