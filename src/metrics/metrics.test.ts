import { appendFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StorageError } from '../errors.ts';
import {
  ConsoleSink,
  cutMetricsAfter,
  evaluationMetrics,
  fixedMetrics,
  formatDuration,
  JsonlSink,
  type MetricsEntry,
  MetricsLog,
  type MetricsSink,
  metricDefinition,
  patternMetrics,
  readMetrics,
} from './index.ts';

class MemorySink implements MetricsSink {
  readonly entries: MetricsEntry[] = [];
  write(entry: MetricsEntry): void {
    this.entries.push(entry);
  }
}

function newFile(): string {
  return join(mkdtempSync(join(tmpdir(), 'laurel-')), 'metrics.jsonl');
}

describe('the key table', () => {
  it('defines every key in a sentence and with a unit', () => {
    for (const [key, { definition, unit }] of Object.entries({
      ...fixedMetrics,
      ...patternMetrics,
    })) {
      expect(definition, key).toMatch(/\.$/);
      if (key !== 'custom/{name}') expect(unit, key).not.toBe('');
    }
  });
  it('holds the names that TRL’s GRPO trainer logs for what exists here', () => {
    // trl 1.13.0, grpo_trainer.py: the keys of self._metrics, without tools, experts, vespo and vLLM.
    const theirs = [
      'num_tokens',
      'reward',
      'reward_std',
      'frac_reward_zero_std',
      'kl',
      'entropy',
      'policy_loss',
      'entropy_coef',
      'step_time',
      'cispo_clip_ratio',
    ];
    const lengths = ['mean', 'min', 'max'].flatMap((each) => [
      `completions/${each}_length`,
      `completions/${each}_terminated_length`,
    ]);
    const clips = ['low_mean', 'low_min', 'high_mean', 'high_max', 'region_mean'].map(
      (each) => `clip_ratio/${each}`,
    );
    for (const key of [...theirs, ...lengths, ...clips, 'completions/clipped_ratio']) {
      expect(Object.keys(fixedMetrics)).toContain(key);
    }
  });
  it('finds the definition of a reward’s key and of an evaluation’s', () => {
    expect(metricDefinition('rewards/exact_match/mean')?.unit).toBe('reward');
    expect(metricDefinition('eval_rewards/a/b/std')?.unit).toBe('reward');
    expect(metricDefinition('eval_loss')).toBe(fixedMetrics.loss);
    expect(metricDefinition('rewards/exact_match')).toBeUndefined();
    expect(metricDefinition('toString')).toBeUndefined();
  });
  it('puts eval_ before every key of an evaluation', () => {
    expect(evaluationMetrics({ loss: 1, 'rewards/a/mean': null })).toEqual({
      eval_loss: 1,
      'eval_rewards/a/mean': null,
    });
  });
});

describe('MetricsLog', () => {
  it('writes the mean since the last line, or the last value where the table says so', async () => {
    const sink = new MemorySink();
    const log = new MetricsLog({ sinks: [sink], loggingSteps: 2, now: () => 5 });
    log.record({ loss: 1, learning_rate: 0.1 });
    expect(await log.endStep(1)).toBeUndefined();
    log.record({ loss: 4, learning_rate: 0.2 });
    await log.endStep(2);
    expect(sink.entries).toEqual([
      { step: 2, time: 5, metrics: { loss: 2.5, learning_rate: 0.2 } },
    ]);
  });
  it('starts the next line from nothing', async () => {
    const sink = new MemorySink();
    const log = new MetricsLog({ sinks: [sink], loggingSteps: 1 });
    log.record({ loss: 1 });
    await log.endStep(1);
    log.record({ reward: 3 });
    await log.endStep(2);
    expect(sink.entries[1]?.metrics).toEqual({ reward: 3 });
  });
  it('leaves values that are not finite out of the mean, and writes null when there are no others', async () => {
    const sink = new MemorySink();
    const log = new MetricsLog({ sinks: [sink], loggingSteps: 1 });
    log.record({ reward: Number.NaN, kl: null, loss: 2 });
    log.record({ loss: Number.POSITIVE_INFINITY });
    await log.endStep(1);
    expect(sink.entries[0]?.metrics).toEqual({ reward: null, kl: null, loss: 2 });
  });
  it('logs the first step, and an unfinished line on demand', async () => {
    const sink = new MemorySink();
    const log = new MetricsLog({ sinks: [sink], loggingSteps: 10, loggingFirstStep: true });
    for (const step of [1, 2, 3]) {
      log.record({ loss: step });
      await log.endStep(step, { flush: step === 3 });
    }
    expect(sink.entries.map(({ step, metrics }) => [step, metrics.loss])).toEqual([
      [1, 1],
      [3, 2.5],
    ]);
  });
  it('writes the same line after its state went through a checkpoint', async () => {
    const lines: (number | null | undefined)[] = [];
    for (const isInterrupted of [false, true]) {
      const sink = new MemorySink();
      let log = new MetricsLog({ sinks: [sink], loggingSteps: 3 });
      for (const [step, loss] of [
        [1, 0.1],
        [2, 0.7],
        [3, 0.2],
      ] as const) {
        log.record({ loss });
        await log.endStep(step);
        if (isInterrupted && step === 2) {
          const state = JSON.parse(JSON.stringify(log.state()));
          log = new MetricsLog({ sinks: [sink], loggingSteps: 3 });
          log.restore(state);
        }
      }
      lines.push(sink.entries[0]?.metrics.loss);
    }
    expect(lines[1]).toBe(lines[0]);
  });
  it('refuses an unknown key in types, and at run time names the nearest', () => {
    const log = new MetricsLog({ sinks: [] });
    log.record({ 'rewards/mine/mean': 1, 'custom/anything': 2, eval_reward: 3 });
    // @ts-expect-error the key is rewrd
    expect(() => log.record({ rewrd: 1 })).toThrow('unknown key "rewrd"; did you mean reward?');
    // @ts-expect-error a reward's key ends in mean or std
    expect(() => log.record({ 'rewards/mine/max': 1 })).toThrow('unknown key');
  });
});

describe('the JSONL sink', () => {
  it('writes one line an entry, which reading gives back', () => {
    const file = newFile();
    const sink = new JsonlSink(file, { sync: 'line' });
    sink.write({ step: 1, time: 2, metrics: { loss: 0.5, reward: null } });
    sink.write({ step: 2, time: 3, metrics: { loss: Number.NaN } });
    sink.close();
    expect(readFileSync(file, 'utf8')).toBe(
      '{"step":1,"loss":0.5,"reward":null,"time":2}\n{"step":2,"loss":null,"time":3}\n',
    );
    expect(readMetrics(file)[0]).toEqual({
      step: 1,
      time: 2,
      metrics: { loss: 0.5, reward: null },
    });
  });
  it('leaves out a last line that a crash cut short', () => {
    const file = newFile();
    writeFileSync(file, '{"step":1,"time":1}\n{"step":2,"lo');
    expect(readMetrics(file).map(({ step }) => step)).toEqual([1]);
  });
  it('leaves out what a crash of the machine left at the end, whatever it is', () => {
    const file = newFile();
    const tails = ['\0'.repeat(9), 'null\n', '7\n', '{"step":2,"x"\n\n', '{"loss":1}\n'];
    for (const tail of tails) {
      writeFileSync(file, `{"step":1,"time":1}\n${tail}`);
      expect(readMetrics(file).map(({ step }) => step)).toEqual([1]);
      const cut = { kept: 1, removed: 0, damagedBytes: tail.length, lastStep: 1 };
      expect(cutMetricsAfter(file, 5)).toEqual(cut);
      expect(readFileSync(file, 'utf8')).toBe('{"step":1,"time":1}\n');
    }
  });
  it('says which file the disk has no room for', () => {
    // The kernel's full disk: every write to it fails with ENOSPC.
    if (!existsSync('/dev/full')) return;
    const sink = new JsonlSink('/dev/full', { sync: 'never' });
    const write = () => sink.write({ step: 1, time: 0, metrics: { loss: 1 } });
    expect(write).toThrow(StorageError);
    expect(write).toThrow(/^\/dev\/full: cannot be written: the disk is full .*free disk space/);
    sink.close();
  });
  it('names the line that is not JSON', () => {
    const file = newFile();
    writeFileSync(file, '{"step":1,"time":1}\nhello\n{"step":2,"time":1}\n');
    expect(() => readMetrics(file)).toThrow(`${file}:2: is not a line of metrics`);
  });
  it('cuts lines past a checkpoint’s step, and a line cut short, before a run is resumed', () => {
    const file = newFile();
    const lines = [10, 20, 20, 30].map(
      (step) => `${JSON.stringify({ step, loss: step / 10, time: 0 })}\n`,
    );
    writeFileSync(file, lines.join(''));
    appendFileSync(file, '{"step":40,"lo');
    const cut = cutMetricsAfter(file, 20);
    expect(cut).toEqual({ kept: 3, removed: 1, damagedBytes: 14, lastStep: 20 });
    const sink = new JsonlSink(file);
    sink.write({ step: 30, time: 0, metrics: { loss: 3 } });
    sink.close();
    expect(readFileSync(file, 'utf8')).toBe(lines.join(''));
  });
  it('has nothing to cut where there is no file', () => {
    const nothing = { kept: 0, removed: 0, damagedBytes: 0, lastStep: 0 };
    expect(cutMetricsAfter(newFile(), 3)).toEqual(nothing);
  });
});

describe('the console sink', () => {
  function recorder(isTTY: boolean) {
    const written: string[] = [];
    return {
      stream: { write: (text: string) => written.push(text), isTTY, columns: 120 },
      written,
    };
  }

  it('prints plain lines with the time left where there is no terminal', () => {
    const { stream, written } = recorder(false);
    let clock = 0;
    const sink = new ConsoleSink(stream, { now: () => clock });
    sink.progress({ phase: 'training', step: 0, totalSteps: 100 });
    clock = 20_000;
    sink.progress({ phase: 'training', step: 10, totalSteps: 100 });
    sink.write({
      step: 10,
      time: 0,
      metrics: { loss: 1.23456, reward: 0.5, accuracy: 0.25, tokens_per_second: 1234 },
    });
    sink.close();
    // 10 steps in 20 s leave 90 steps × 2 s = 3 minutes.
    expect(written.join('')).toBe(
      'step 10/100  loss 1.235  reward 0.500  accuracy 25.0%  tokens/s 1.2k  3m 00s left\n',
    );
  });
  it('repaints one live line on a terminal, below the lines logged, and clears it at the end', () => {
    const { stream, written } = recorder(true);
    const sink = new ConsoleSink(stream, { now: () => 0 });
    sink.progress({ phase: 'sampling', step: 1, totalSteps: 4 });
    sink.write({ step: 1, time: 0, metrics: { reward: 0.5 } });
    sink.close();
    const erase = '\r\u001b[2K';
    expect(written.join('')).toBe(
      `sampling  step 1/4 (25%)${erase}step 1/4  reward 0.500\nsampling  step 1/4 (25%)  reward 0.500${erase}`,
    );
  });
  it('never paints a line wider than the terminal', () => {
    const { stream, written } = recorder(true);
    const sink = new ConsoleSink({ ...stream, columns: 20 });
    sink.progress({ phase: 'a phase with a very long name', step: 1, totalSteps: 4 });
    expect(written.at(-1)).toHaveLength(19);
  });
  it('writes durations in their two largest units', () => {
    expect([9.4, 127, 3900].map(formatDuration)).toEqual(['9s', '2m 07s', '1h 05m']);
  });
});
