import { JsonlSink, type Metrics } from '../../src/metrics/index.ts';
import { StoreSink } from '../../src/runs/index.ts';
import { startFakeRun } from '../support/fake-run.ts';

/** A run that is being written as a trainer writes it: to its folder, and to the database beside it. */
export interface LiveRun {
  /** Logs steps, first to last; the reward is a twentieth of the step unless given. */
  readonly log: (first: number, last: number, metricsAt?: (step: number) => Metrics) => void;
  readonly end: (lastStep: number) => void;
}

/** Starts one in this process. */
export function liveRun(root: string, name: string): LiveRun {
  const run = startFakeRun(root, { name });
  const warn = (message: string): never => {
    throw new Error(message);
  };
  const sinks = [new JsonlSink(run.metricsFile), new StoreSink(run, { warn })] as const;
  sinks[1].open();
  const rewardAt = (step: number): Metrics => ({ reward: step / 20 });
  return {
    log: (first, last, metricsAt = rewardAt) => {
      for (let step = first; step <= last; step++) {
        const entry = { step, time: Date.now() / 1000, metrics: metricsAt(step) };
        for (const sink of sinks) sink.write(entry);
      }
    },
    end: (lastStep) => {
      run.close('finished', { lastStep });
      sinks[1].end();
      for (const sink of sinks) sink.close();
    },
  };
}
