import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type RunRecord, RunStore } from '../../src/runs/index.ts';
import { writeRunRecord } from '../../src/runs/run-record.ts';

/** How much to make. */
export interface ManyRuns {
  readonly runs?: number;
  /** Lines of each run; each has five metrics. */
  readonly linesPerRun?: number;
}

/** 200 runs of 1,000 lines of five metrics: one million points. */
const usual = { runs: 200, linesPerRun: 1000 } as const;

const trainers = ['grpo', 'sft', 'dpo'] as const;
const start = Date.UTC(2026, 0, 1) / 1000;

/** Makes finished runs in a root, folders and database, in seconds; what they logged looks like training and is the same each time. */
export function makeManyRuns(root: string, options: ManyRuns = {}): void {
  const { runs, linesPerRun } = { ...usual, ...options };
  for (let run = 0; run < runs; run++) makeRunFolder(root, run, linesPerRun);
  RunStore.open(root).close();
}

function makeRunFolder(root: string, run: number, lines: number): void {
  const trainer = trainers[run % 3]!;
  const folder = join(root, `${trainer}-${String(run).padStart(4, '0')}`);
  for (const child of ['completions', 'tokens', 'checkpoints'])
    mkdirSync(join(folder, child), { recursive: true });
  writeFileSync(join(folder, 'config.yaml'), configOf(run));
  const text = Array.from({ length: lines }, (_, i) => metricsLine(run, i + 1, lines)).join('');
  writeFileSync(join(folder, 'metrics.jsonl'), text);
  writeRunRecord(folder, recordOf(folder, trainer, run, lines));
}

const configOf = (run: number): string =>
  stringify({
    learning_rate: 10 ** -(3 + (run % 4)),
    per_device_train_batch_size: 8,
    gradient_accumulation_steps: 1,
    seed: run % 5,
  });

/** Where a run starts, a minute of wall time after the one before. */
const startOf = (run: number): number => start + 60 * run;

function metricsLine(run: number, step: number, lines: number): string {
  const share = step / lines;
  const noise = Math.sin(12.9898 * step + 78.233 * run) * 0.05;
  const metrics = {
    loss: 2.5 * Math.exp(-3 * share) + noise,
    [run % 3 === 0 ? 'reward' : 'mean_token_accuracy']: share / (share + 0.2) + noise,
    entropy: 2 * (1 - 0.8 * share) + noise,
    grad_norm: 1 + Math.abs(noise) * 10,
    num_tokens: step * (900 + (run % 7) * 40),
  };
  return `${JSON.stringify({ step, ...metrics, time: startOf(run) + 0.5 * step })}\n`;
}

function recordOf(folder: string, trainer: string, run: number, lines: number): RunRecord {
  const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();
  const attempt = {
    startedAt: iso(startOf(run)),
    pid: 1,
    host: 'example',
    fromStep: 0,
    gitRevision: null,
    fingerprint: {},
    command: ['laurel', trainer],
    endedAt: iso(startOf(run) + 0.5 * lines),
    outcome: run % 11 === 10 ? ('failed' as const) : ('finished' as const),
    lastStep: lines,
  };
  return {
    name: folder.split('/').at(-1)!,
    trainer,
    seed: run % 5,
    createdAt: iso(startOf(run)),
    laurelVersion: '0.1.0',
    totalSteps: lines,
    attempts: [attempt],
  };
}
