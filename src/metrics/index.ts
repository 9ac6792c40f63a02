export { type Alarm, type AlarmName, alarmsOf, watchAlarms } from './alarms.ts';
export { ConsoleSink, type ConsoleStream, formatDuration } from './console-sink.ts';
export {
  distinctNgrams,
  expectedDistinct,
  type NgramDiversity,
  type NgramOptions,
} from './distinct-ngrams.ts';
export { cutMetricsAfter, JsonlSink, readMetrics, type SyncPolicy } from './jsonl-sink.ts';
export {
  evaluationMetrics,
  fixedMetrics,
  type MetricKey,
  type Metrics,
  metricDefinition,
  patternMetrics,
  type TrainMetricKey,
} from './keys.ts';
export type { MetricDefinition, MetricReduction } from './metric-definition.ts';
export {
  assertKnownMetric,
  MetricsLog,
  type MetricsLogOptions,
  type MetricsLogState,
} from './metrics-log.ts';
export type { MetricsEntry, MetricsSink, Progress } from './metrics-sink.ts';
export { type WandbAccount, WandbError } from './wandb/wandb-client.ts';
export { WandbSink, type WandbSinkOptions, wandbAccount } from './wandb/wandb-sink.ts';
export { type PromptRewards, winProbability } from './win-probability.ts';
