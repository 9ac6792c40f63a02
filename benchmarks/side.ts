import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Product } from './floor.ts';
import type { Shape } from './shapes.ts';

/** The programs a child runs. */
export type SideName =
  | 'laurel'
  | 'laurel-grpo'
  | 'laurel-gpu'
  | 'pytorch'
  | 'pytorch-gpu'
  | 'transformers'
  | 'trl';

/** A child process of one library and one number of threads. */
export interface Setting {
  readonly label: string;
  readonly side: SideName;
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Built as a Debian user gets it; other builds are reported beside. */
  readonly isDefault: boolean;
}

/** What a child says of itself when it starts. */
export interface Description {
  readonly torch: string;
  readonly blas: string;
  /** OpenBLAS's kernel family, '' elsewhere. */
  readonly core: string;
  readonly threads: number;
  readonly parameters: number;
  /** Further libraries, and the option that tells this child from its like. */
  readonly libraries?: string;
}

/** Seconds per repeat. */
export interface Timing {
  readonly wall: number;
  readonly processor: number;
}

/** Seconds per call of each product, and of a call that computes next to nothing. */
export interface ProductTimes {
  readonly perCall: readonly number[];
  readonly emptyCall: number;
}

/** Decode steps at one length of the cache, seconds each. */
export interface DecodeTimes {
  readonly steps: readonly number[];
}

/** What a child is asked to do. */
export type Task =
  | { readonly name: 'step' | 'update' | 'grpo' | 'memory'; readonly repeats?: number }
  | {
      readonly name: 'sample';
      readonly rows: number;
      readonly repeats?: number;
      /** Whose weights; Llama's unless given. */
      readonly family?: 'llama' | 'qwen2';
    }
  | { readonly name: 'products'; readonly products: readonly Product[]; readonly repeats: number }
  | { readonly name: 'read'; readonly bytes: number; readonly repeats: number }
  | {
      readonly name: 'decode';
      readonly shape: Shape;
      readonly rows: number;
      readonly length: number;
      readonly steps: number;
    }
  | { readonly name: 'train'; readonly shape: Shape; readonly repeats: number };

/** The parent's environment without what would set BLAS or threads for one side and not the other. */
export function scrubbedEnvironment(): NodeJS.ProcessEnv {
  const names = /^(OPENBLAS_|OMP_|GOMP_|MKL_|KMP_|GOTO_|LD_PRELOAD|LD_LIBRARY_PATH|LAUREL_)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !names.test(name)));
}

/** A running child; it does one task at a time. */
export class Side {
  readonly setting: Setting;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #errors = '';

  constructor(setting: Setting) {
    this.setting = setting;
    this.#child = spawn(setting.program, setting.args, { env: setting.environment });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#child.stderr.on('data', (text: Buffer) => {
      this.#errors += text.toString();
    });
    this.#child.stdin.on('error', () => {});
    this.#child.on('error', (error) => {
      this.#errors += error.message;
    });
  }

  get processId(): number | undefined {
    return this.#child.pid;
  }

  async #read<Answer>(): Promise<Answer> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.setting.label} stopped: ${this.#errors.slice(-2000)}`);
    return JSON.parse(value) as Answer;
  }

  /** The child's first line. @throws Error with what it printed when it cannot start. */
  describe(): Promise<Description> {
    return this.#read<Description>();
  }

  ask<Answer = Timing>(task: Task): Promise<Answer> {
    this.#child.stdin.write(`${JSON.stringify(task)}\n`);
    return this.#read<Answer>();
  }

  stop(): void {
    this.#child.kill();
  }
}
