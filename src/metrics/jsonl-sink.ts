import { appendFileSync, closeSync, existsSync, fsyncSync, openSync, readFileSync } from 'node:fs';
import { writeFileDurably } from '../checkpoints/durable-files.ts';
import { DataError, StorageError } from '../errors.ts';
import type { Metrics } from './keys.ts';
import type { MetricsEntry, MetricsSink } from './metrics-sink.ts';

/** When appended lines are forced to disk: each one, at checkpoints, or whenever the system pleases. */
export type SyncPolicy = 'line' | 'checkpoint' | 'never';

/** Appends one JSON object a line: `{"step":10,"loss":2.5,…,"time":1790000000.5}`. Not-finite values are null. */
export class JsonlSink implements MetricsSink {
  private readonly file: string;
  private readonly descriptor: number;
  private isOpen = true;
  private readonly syncPolicy: SyncPolicy;

  constructor(file: string, { sync = 'checkpoint' }: { sync?: SyncPolicy } = {}) {
    this.file = file;
    this.syncPolicy = sync;
    this.descriptor = openSync(file, 'a');
  }

  /** @throws StorageError when the line cannot be written whole; at resume, half a line is removed. */
  write({ step, time, metrics }: MetricsEntry): void {
    this.attempt(() => {
      appendFileSync(this.descriptor, `${JSON.stringify({ step, ...metrics, time })}\n`);
      if (this.syncPolicy === 'line') fsyncSync(this.descriptor);
    });
  }

  sync(): void {
    if (this.syncPolicy !== 'never') this.attempt(() => fsyncSync(this.descriptor));
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    try {
      this.sync();
    } finally {
      closeSync(this.descriptor);
    }
  }

  private attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      throw StorageError.from(this.file, error);
    }
  }
}

/** Reads a metrics file; last lines that a crash damaged are left out. */
export function readMetrics(file: string): MetricsEntry[] {
  return readLines(file).lines.map(({ parsed }) => {
    const { step, time, ...metrics } = parsed;
    return { step, time, metrics: metrics as Metrics };
  });
}

/** What {@link cutMetricsAfter} did. */
export interface MetricsCut {
  readonly kept: number;
  /** Whole lines past the step. */
  readonly removed: number;
  /** Bytes at the end that were no whole lines: cut short, or zeros that a crash of the machine left. */
  readonly damagedBytes: number;
  /** Step of the last line kept; 0 where none was. */
  readonly lastStep: number;
}

/**
 * Removes the lines past a step, and damaged ones at the end, so that a resumed run may append.
 * The file is replaced by rename; a crash leaves the old one whole.
 * @throws DataError for a damaged line before whole ones.
 */
export function cutMetricsAfter(file: string, step: number): MetricsCut {
  if (!existsSync(file)) return { kept: 0, removed: 0, damagedBytes: 0, lastStep: 0 };
  const { lines, damagedBytes } = readLines(file);
  const kept = lines.filter(({ parsed }) => parsed.step <= step);
  writeFileDurably(file, kept.map(({ text }) => `${text}\n`).join(''));
  const lastStep = kept.at(-1)?.parsed.step ?? 0;
  return { kept: kept.length, removed: lines.length - kept.length, damagedBytes, lastStep };
}

interface MetricsLine {
  readonly text: string;
  readonly parsed: { readonly step: number; readonly time: number };
}

function readLines(file: string): { lines: MetricsLine[]; damagedBytes: number } {
  const texts = readFileSync(file, 'utf8').split('\n');
  // A whole file ends in a newline, so its last piece is empty; otherwise that piece is a line cut short.
  let damagedBytes = Buffer.byteLength(texts.pop()!);
  while (texts.length > 0 && parseLine(texts.at(-1)!) === undefined)
    damagedBytes += Buffer.byteLength(texts.pop()!) + 1;
  const lines = texts.map((text, index) => {
    const line = parseLine(text);
    if (line !== undefined) return line;
    const problem = 'is not a line of metrics (JSON object with a step); remove the line';
    throw new DataError(problem, { file, line: index + 1 });
  });
  return { lines, damagedBytes };
}

function parseLine(text: string): MetricsLine | undefined {
  try {
    const parsed = JSON.parse(text) as MetricsLine['parsed'] | null;
    return Number.isFinite(parsed?.step) ? { text, parsed: parsed! } : undefined;
  } catch {
    return undefined; // Damaged; the caller says where.
  }
}
