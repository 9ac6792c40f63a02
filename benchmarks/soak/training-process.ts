import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { SoakMessage } from './messages.ts';

/** What a soak's process is started with. */
export interface ProcessOptions {
  readonly folder: string;
  readonly maxSteps: number;
  readonly saveSteps: number;
  readonly onMessage: (message: SoakMessage, child: ChildProcess) => void;
}

/** How it ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last of what it printed to standard error. */
  readonly errors: string;
}

const program = fileURLToPath(new URL('./train.ts', import.meta.url));
const jiti = dirname(createRequire(import.meta.url).resolve('jiti/package.json'));

/** Starts a training process; `ended` resolves when it is gone. */
export function startTraining({ folder, maxSteps, saveSteps, onMessage }: ProcessOptions): {
  readonly child: ChildProcess;
  readonly ended: Promise<ProcessEnd>;
} {
  const child = fork(program, [folder, `${maxSteps}`, `${saveSteps}`], {
    execArgv: ['--expose-gc', '--import', pathToFileURL(join(jiti, 'lib/jiti-register.mjs')).href],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  let errors = '';
  child.stderr?.on('data', (text: Buffer) => {
    errors = (errors + text.toString()).slice(-4000);
  });
  child.on('message', (message) => onMessage(message as SoakMessage, child));
  const ended = new Promise<ProcessEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal, errors }));
  });
  return { child, ended };
}
