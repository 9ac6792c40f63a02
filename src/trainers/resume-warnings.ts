import { type IntactCheckpoint, readTrainerState } from '../checkpoints/index.ts';
import type { Run } from '../runs/index.ts';
import { fingerprintChanges } from './fingerprint.ts';

/** What is not as the run was left. */
export function resumeWarnings(
  run: Run,
  { path, step, passedOver }: IntactCheckpoint,
  changed: readonly string[],
): string[] {
  const arithmetic = fingerprintChanges(
    run.previousFingerprint ?? {},
    run.record.attempts.at(-1)?.fingerprint ?? {},
  );
  return [
    ...(changed.length === 0
      ? []
      : [`resuming with other options than the run was started with (${changed.join('; ')})`]),
    ...passedOver.map(
      ({ name, problem }) =>
        `${name} is damaged (${problem}); going on from step ${step}, before it`,
    ),
    ...metricsWarnings(run, path),
    ...(arithmetic.length === 0
      ? []
      : [
          `resuming on other arithmetic, so bits may differ from an uninterrupted run (${arithmetic.join('; ')})`,
        ]),
  ];
}

/** What the metrics file lacks of what the checkpoint's run had written. */
function metricsWarnings({ metricsFile, metricsCut }: Run, checkpoint: string): string[] {
  if (metricsCut === undefined) return [];
  const { damagedBytes, lastStep } = metricsCut;
  const { metrics } = readTrainerState(checkpoint).laurel as {
    metrics?: { readonly lastStep?: number };
  };
  const written = metrics?.lastStep ?? 0;
  return [
    ...(damagedBytes === 0
      ? []
      : [`${metricsFile}: removed ${damagedBytes} bytes at its end that are no whole line`]),
    ...(lastStep >= written
      ? []
      : [
          `${metricsFile}: ends at step ${lastStep}, and lines up to step ${written} had been written; they are lost`,
        ]),
  ];
}
