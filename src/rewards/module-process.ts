import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { FromChild, ToChild } from './module-reward-protocol.ts';
import { needsTypeScriptLoader } from './typescript-support.ts';

/** Printed by a reward module before it is cut off, so that a flood of output harms nothing. */
const OUTPUT_LIMIT_BYTES = 16 * 1024;
const TAIL_CHARACTERS = 2000;
const CLOSE_GRACE_MS = 100;

export interface ModuleProcessOptions {
  readonly memoryLimitMb: number;
  onMessage(message: FromChild): void;
  /** Called once, however the process ends; `reason` is for people. */
  onExit(reason: string): void;
}

/** The child process of one reward module: sends, listens, kills; knows nothing of scoring. */
export class ModuleProcess {
  readonly #child: ChildProcess;
  #tail = '';
  #printedBytes = 0;
  readonly #killOnExit = () => this.kill();

  #onExit: ((reason: string) => void) | undefined;

  constructor({ memoryLimitMb, onMessage, onExit }: ModuleProcessOptions) {
    this.#onExit = onExit;
    const entry = entryFile();
    this.#child = fork(entry, [], {
      execArgv: [`--max-old-space-size=${memoryLimitMb}`, ...loaderArguments(entry)],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    process.once('exit', this.#killOnExit);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => this.#print(chunk));
    }
    this.#child.on('message', (message) => onMessage(message as FromChild));
    this.#child.once('error', (error) => this.#end(`its process can't start: ${error.message}`));
    this.#child.once('close', (code, signal) => this.#end(this.#describeExit(code, signal)));
    // A grandchild may hold the output open, and `close` then never comes.
    this.#child.once('exit', (code, signal) => {
      setTimeout(() => this.#end(this.#describeExit(code, signal)), CLOSE_GRACE_MS);
    });
    this.rest();
  }

  /** Hands a message over; throws for what can't be cloned, such as a function in a column. */
  send(message: ToChild): void {
    // A closed channel shows as an exit, which the owner handles.
    this.#child.send(message, () => {});
  }

  /** Lets the parent exit although this process is alive. */
  rest(): void {
    this.#child.unref();
    this.#child.channel?.unref();
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      (stream as { unref?(): void } | null)?.unref?.();
    }
  }

  /** Keeps the parent alive while this process works. */
  work(): void {
    this.#child.ref();
    this.#child.channel?.ref();
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #end(reason: string): void {
    process.off('exit', this.#killOnExit);
    const onExit = this.#onExit;
    this.#onExit = undefined;
    onExit?.(reason);
  }

  #print(chunk: Buffer): void {
    const text = chunk.toString('utf8');
    this.#tail = (this.#tail + text).slice(-TAIL_CHARACTERS);
    // V8's own account of running out of memory fills pages; #describeExit says it in one line.
    if (text.includes('<--- Last few GCs --->')) this.#printedBytes = OUTPUT_LIMIT_BYTES;
    const room = OUTPUT_LIMIT_BYTES - this.#printedBytes;
    this.#printedBytes += chunk.length;
    if (room > 0) process.stderr.write(chunk.subarray(0, room));
    if (room > 0 && chunk.length >= room) {
      process.stderr.write('\n[a reward module prints too much; the rest is dropped]\n');
    }
  }

  #describeExit(code: number | null, signal: NodeJS.Signals | null): string {
    if (this.#tail.includes('heap out of memory')) return 'its process ran out of memory';
    return `its process ended with ${signal ?? `exit code ${code}`}`;
  }
}

function entryFile(): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`./module-reward-child.${extension}`, import.meta.url));
}

function loaderArguments(entry: string): string[] {
  if (!needsTypeScriptLoader(entry)) return [];
  const jiti = dirname(createRequire(import.meta.url).resolve('jiti/package.json'));
  return ['--import', pathToFileURL(join(jiti, 'lib/jiti-register.mjs')).href];
}
