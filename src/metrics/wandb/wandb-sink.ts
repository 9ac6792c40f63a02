import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MetricsEntry, MetricsSink } from '../metrics-sink.ts';
import {
  sendWandbChunk,
  startWandbRun,
  type WandbAccount,
  WandbError,
  type WandbRun,
} from './wandb-client.ts';

/** Lines are sent together, so often. */
const SEND_MS = 5000;
const LONGEST_WAIT_MS = 60_000;

/** What a run's folder remembers, so that a resumed one goes on where it was. */
interface Sent {
  readonly id: string;
  /** Lines that the server has. */
  readonly lines: number;
  readonly lastStep: number;
}

/** The account that the environment names, as Weights & Biases' own client reads it; undefined where it names none. */
export function wandbAccount(
  environment: NodeJS.ProcessEnv = process.env,
): WandbAccount | undefined {
  const { WANDB_API_KEY: apiKey, WANDB_MODE: mode, WANDB_DISABLED: disabled } = environment;
  const isOff = mode === 'disabled' || mode === 'offline' || /^(true|1)$/i.test(disabled ?? '');
  if (!apiKey || isOff) return undefined;
  return {
    apiKey,
    baseUrl: environment['WANDB_BASE_URL'] ?? 'https://api.wandb.ai',
    entity: environment['WANDB_ENTITY'] ?? null,
    project: environment['WANDB_PROJECT'] ?? 'laurel',
  };
}

export interface WandbSinkOptions {
  readonly account: WandbAccount;
  /** The run's folder. */
  readonly folder: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly warn: (message: string) => void;
  readonly sendMs?: number;
}

/**
 * Sends metrics to Weights & Biases beside the run, which never waits for it but at its end. What cannot be sent is tried
 * again with later lines, and told of once. Of a resumed run, steps that were sent before are not sent again.
 */
export class WandbSink implements MetricsSink {
  readonly #options: Required<WandbSinkOptions>;
  #sent: Sent;
  #run: WandbRun | undefined;
  /** The rows that wait; the last one may still grow, since a step's evaluation joins its row. */
  #rows: (Record<string, number> & { _step: number })[] = [];
  #summary: Record<string, number> = {};
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> = Promise.resolve();
  #failures = 0;
  #hasGivenUp = false;
  #exitCode = 0;

  constructor(options: WandbSinkOptions) {
    this.#options = { sendMs: SEND_MS, ...options };
    this.#sent = readSent(options.folder);
  }

  write({ step, time, metrics }: MetricsEntry): void {
    if (this.#hasGivenUp || step <= this.#sent.lastStep) return;
    const last = this.#rows.at(-1);
    const known = Object.entries(metrics).filter(([, value]) => typeof value === 'number');
    const values = { ...Object.fromEntries(known), _step: step, _timestamp: time };
    if (last?._step === step) Object.assign(last, values);
    else this.#rows.push(values);
    Object.assign(this.#summary, values);
    this.#schedule();
  }

  /** Says how the run ended; call it before {@link WandbSink.close}. */
  end(outcome: 'finished' | 'interrupted' | 'failed'): void {
    this.#exitCode = outcome === 'finished' ? 0 : outcome === 'interrupted' ? 130 : 1;
  }

  /** Sends what is left, and that the run is over. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#sending;
    if (!this.#hasGivenUp) await this.#send('last');
    if (this.#rows.length > 0 && this.#failures > 0)
      this.#options.warn(
        `Weights & Biases: ${this.#rows.length} lines were not sent; metrics.jsonl has them`,
      );
  }

  #schedule(): void {
    if (this.#timer !== undefined) return;
    const wait = Math.min(this.#options.sendMs * 2 ** this.#failures, LONGEST_WAIT_MS);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#sending = this.#sending.then(() => this.#send('more'));
    }, wait);
    this.#timer.unref();
  }

  async #send(which: 'more' | 'last'): Promise<void> {
    const count = which === 'last' ? this.#rows.length : this.#rows.length - 1;
    if (count <= 0 && which === 'more') return;
    const rows = this.#rows.slice(0, count);
    const { account, folder, name, config } = this.#options;
    try {
      this.#run ??= await startWandbRun(account, { id: this.#sent.id, displayName: name, config });
      await sendWandbChunk(account, this.#run, {
        files: {
          'wandb-history.jsonl': {
            offset: this.#sent.lines,
            content: rows.map((row) => JSON.stringify(row)),
          },
          'wandb-summary.json': { offset: 0, content: [JSON.stringify(this.#summary)] },
        },
        ...(which === 'last' && { complete: true, exitcode: this.#exitCode }),
      });
      this.#rows = this.#rows.slice(count);
      const lastStep = rows.at(-1)?._step ?? this.#sent.lastStep;
      this.#sent = { id: this.#run.id, lines: this.#sent.lines + count, lastStep };
      writeFileSync(join(folder, fileName), `${JSON.stringify(this.#sent)}\n`);
      this.#failures = 0;
    } catch (error) {
      this.#fail(error);
    }
  }

  /** A run does not end because of a tracker. */
  #fail(error: unknown): void {
    if (this.#failures === 0) this.#options.warn((error as Error).message);
    this.#failures++;
    this.#hasGivenUp = error instanceof WandbError && error.isFinal;
    if (this.#hasGivenUp) this.#rows = [];
    else if (this.#rows.length > 0) this.#schedule();
  }
}

const fileName = 'wandb.json';

function readSent(folder: string): Sent {
  const file = join(folder, fileName);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Sent;
  return { id: randomBytes(4).toString('hex'), lines: 0, lastStep: -1 };
}
