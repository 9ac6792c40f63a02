/** How the values between two log lines become one: their mean, or the last. */
export type MetricReduction = 'mean' | 'last';

/** What a metric key means; shown in docs and by the dashboard. */
export interface MetricDefinition {
  readonly unit: string;
  readonly definition: string;
  /** How it is estimated from a batch; empty when the definition says it all. */
  readonly estimator?: string;
  /** Mean unless said. */
  readonly reduction?: MetricReduction;
  /** Trainers that log it. */
  readonly trainers: readonly ('sft' | 'dpo' | 'reward' | 'grpo')[];
  /** When it appears; always unless said. */
  readonly when?: string;
}
