import { JsonlSink, type Metrics } from '../../src/metrics/index.ts';
import { type AttemptOutcome, createRun } from '../../src/runs/index.ts';

export interface EndedRun {
  readonly lines?: readonly Metrics[];
  readonly outcome?: AttemptOutcome;
  readonly reason?: string;
  readonly trainer?: string;
  readonly paper?: string;
}

/** A run that wrote its lines, one a step and a second, and ended now; through the real writers. @returns its folder. */
export function endedRun(
  root: string,
  name: string,
  { lines = [{ reward: 0.25 }, { reward: 0.75 }], outcome = 'finished', ...rest }: EndedRun = {},
): string {
  const { reason, trainer = 'grpo', paper } = rest;
  const run = createRun(
    {
      trainer,
      seed: 1,
      configYaml: '',
      fingerprint: {},
      laurelVersion: '0.1.0',
      totalSteps: lines.length,
      ...(paper === undefined ? {} : { origin: { paper } }),
    },
    { root, name },
  );
  const sink = new JsonlSink(run.metricsFile);
  const time = Date.now() / 1000;
  for (const [at, metrics] of lines.entries())
    sink.write({ step: at + 1, time: time + at, metrics });
  sink.close();
  run.close(outcome, { lastStep: lines.length, ...(reason === undefined ? {} : { reason }) });
  return run.folder;
}
