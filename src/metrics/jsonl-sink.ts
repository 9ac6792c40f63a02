import { appendFileSync, closeSync, existsSync, fsyncSync, openSync, readFileSync } from 'node:fs';
import { writeFileDurably } from '../checkpoints/durable-files.ts';
import { DataError } from '../errors.ts';
import type { Metrics } from './keys.ts';
import type { MetricsEntry, MetricsSink } from './metrics-sink.ts';

/** When appended lines are forced to disk: each one, at checkpoints, or whenever the system pleases. */
export type SyncPolicy = 'line' | 'checkpoint' | 'never';

/** Appends one JSON object a line: `{"step":10,"loss":2.5,…,"time":1790000000.5}`. Not-finite values are null. */
export class JsonlSink implements MetricsSink {
  private readonly descriptor: number;
  private readonly syncPolicy: SyncPolicy;

  constructor(file: string, { sync = 'checkpoint' }: { sync?: SyncPolicy } = {}) {
    this.syncPolicy = sync;
    this.descriptor = openSync(file, 'a');
  }

  write({ step, time, metrics }: MetricsEntry): void {
    appendFileSync(this.descriptor, `${JSON.stringify({ step, ...metrics, time })}\n`);
    if (this.syncPolicy === 'line') fsyncSync(this.descriptor);
  }

  sync(): void {
    if (this.syncPolicy !== 'never') fsyncSync(this.descriptor);
  }

  close(): void {
    this.sync();
    closeSync(this.descriptor);
  }
}

/** Reads a metrics file; a last line cut short by a crash is left out. */
export function readMetrics(file: string): MetricsEntry[] {
  return wholeLines(file).map(({ parsed }) => {
    const { step, time, ...metrics } = parsed;
    return { step, time, metrics: metrics as Metrics };
  });
}

/**
 * Removes the lines past a step, and a last line cut short, so that a resumed run may append.
 * The file is replaced by rename; a crash leaves the old one whole.
 * @returns how many lines were kept and how many removed.
 */
export function cutMetricsAfter(file: string, step: number): { kept: number; removed: number } {
  if (!existsSync(file)) return { kept: 0, removed: 0 };
  const lines = wholeLines(file);
  const kept = lines.filter(({ parsed }) => parsed.step <= step);
  writeFileDurably(file, kept.map(({ text }) => `${text}\n`).join(''));
  return { kept: kept.length, removed: lines.length - kept.length };
}

interface MetricsLine {
  text: string;
  parsed: { step: number; time: number };
}

function wholeLines(file: string): MetricsLine[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  // A whole file ends in a newline, so its last piece is empty; otherwise that piece is a line cut short.
  lines.pop();
  return lines.map((text, index) => {
    try {
      return { text, parsed: JSON.parse(text) as MetricsLine['parsed'] };
    } catch (cause) {
      throw new DataError('is not a line of metrics (JSON object)', {
        file,
        line: index + 1,
        cause,
      });
    }
  });
}
