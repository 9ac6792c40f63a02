import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  type FromChild,
  isFromChild,
  type ToChild,
  tooMuchMemory,
} from './module-reward-protocol.ts';
import { needsTypeScriptLoader } from './typescript-support.ts';

/** Printed by a reward module before it is cut off, so that a flood of output harms nothing. */
const OUTPUT_LIMIT_BYTES = 16 * 1024;
const TAIL_CHARACTERS = 2000;
const CLOSE_GRACE_MS = 100;

/** What a process may take besides its heap: Node itself, and buffers outside the heap. */
const OUTSIDE_HEAP_MB = 256;

export interface ModuleProcessOptions {
  /** Of the heap; the whole process may take 256 MB more. */
  readonly memoryLimitMb: number;
  onMessage(message: FromChild): void;
  /** Called once, however the process ends; `reason` is for people. */
  onExit(reason: string): void;
}

/**
 * The child process of one reward module: sends, listens, kills; knows nothing of scoring. It leads a process group of
 * its own, so that Ctrl-C does not reach it and what it starts ends with it.
 */
export class ModuleProcess {
  readonly #child: ChildProcess;
  #tail = '';
  #printedBytes = 0;
  readonly #killOnExit = () => this.kill();
  readonly #memoryLimitMb: number;
  #onExit: ((reason: string) => void) | undefined;

  constructor({ memoryLimitMb, onMessage, onExit }: ModuleProcessOptions) {
    this.#onExit = onExit;
    this.#memoryLimitMb = memoryLimitMb + OUTSIDE_HEAP_MB;
    const entry = entryFile();
    this.#child = fork(entry, [String(process.pid), String(this.#memoryLimitMb)], {
      detached: true,
      execArgv: [`--max-old-space-size=${memoryLimitMb}`, ...loaderArguments(entry)],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    process.once('exit', this.#killOnExit);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => this.#print(chunk));
    }
    this.#child.on('message', (message) => {
      if (isFromChild(message)) onMessage(message);
    });
    this.#child.once('error', (error) => this.#end(`its process can't start: ${error.message}`));
    this.#child.once('close', (code, signal) => this.#end(this.#describeExit(code, signal)));
    // A grandchild may hold the output open, and `close` then never comes.
    this.#child.once('exit', (code, signal) => {
      this.kill();
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

  /** Ends the process and whatever it started. */
  kill(): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // Nobody is left.
    }
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
    if (this.#tail.includes(tooMuchMemory(this.#memoryLimitMb)))
      return `its process took more than ${this.#memoryLimitMb} MB of memory`;
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
