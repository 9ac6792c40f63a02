import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A child process of one library and one number of threads. */
export interface Setting {
  readonly label: string;
  readonly side: 'laurel' | 'pytorch';
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

/** What a child says of itself when it starts. */
export interface Description {
  readonly torch: string;
  readonly blas: string;
  /** OpenBLAS's kernel family, '' elsewhere. */
  readonly core: string;
  readonly threads: number;
  readonly parameters: number;
}

/** Seconds per repeat. */
export interface Timing {
  readonly wall: number;
  readonly processor: number;
}

/** What a child is asked to do. */
export interface Task {
  readonly name: 'step' | 'update' | 'sample' | 'memory';
  readonly rows?: number;
  readonly repeats?: number;
}

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
