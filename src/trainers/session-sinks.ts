import { parse } from 'yaml';
import {
  type Alarm,
  type MetricsSink,
  readMetrics,
  WandbSink,
  wandbAccount,
  watchAlarms,
} from '../metrics/index.ts';
import type { Run } from '../runs/index.ts';

/** Raises alarms as lines are written; a run that is taken up remembers those it has raised. */
export function alarmSink({ metricsFile }: Run, raise: (alarm: Alarm) => void): MetricsSink {
  const watch = watchAlarms();
  readMetrics(metricsFile).forEach(watch);
  return { write: (entry) => watch(entry).forEach(raise) };
}

/** Sends metrics to Weights & Biases too, where the environment has its key. */
export function wandbSink(
  { folder, name }: Run,
  configYaml: string,
  warn: (message: string) => void,
): WandbSink | undefined {
  const account = wandbAccount();
  if (account === undefined) return undefined;
  const config = (parse(configYaml) ?? {}) as Readonly<Record<string, unknown>>;
  return new WandbSink({ account, folder, name, config, warn });
}
