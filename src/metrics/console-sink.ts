import type { MetricKey } from './keys.ts';
import type { MetricsEntry, MetricsSink, Progress } from './metrics-sink.ts';

/** A stream the console sink can write to; `process.stderr` is one. */
export interface ConsoleStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Milliseconds between two repaints of the live line. */
const repaintMs = 100;

/** How a metric looks on the console, in the order shown. */
const shown: readonly (readonly [MetricKey, label: string, format: (value: number) => string])[] = [
  ['loss', 'loss', decimals],
  ['reward', 'reward', decimals],
  ['accuracy', 'accuracy', percent],
  ['rewards/accuracies', 'preferred', percent],
  ['rewards/margins', 'margin', decimals],
  ['mean_token_accuracy', 'token accuracy', percent],
  ['kl', 'kl', decimals],
  ['entropy', 'entropy', decimals],
  ['completions/mean_length', 'length', (value) => value.toFixed(0)],
  ['eval_loss', 'eval loss', decimals],
  ['eval_reward', 'eval reward', decimals],
  ['eval_accuracy', 'eval accuracy', percent],
  ['eval_rewards/accuracies', 'eval preferred', percent],
  ['eval_rewards/margins', 'eval margin', decimals],
  ['monitor/likelihood_chosen', 'better', decimals],
  ['monitor/likelihood_rejected', 'worse', decimals],
  ['monitor/top_k_entropy', 'top-k entropy', decimals],
  ['monitor/top_k_mass', 'top-k mass', percent],
  ['monitor/cross_input_diversity', 'diversity', decimals],
  ['monitor/mean_length', 'length', (value) => value.toFixed(0)],
  ['monitor/win_probability', 'wins', percent],
  ['tokens_per_second', 'tokens/s', thousands],
];

/**
 * Shows a run to a person: on a terminal one live line (phase, step, last metrics, time left) below the
 * lines logged so far; elsewhere the logged lines only.
 */
export class ConsoleSink implements MetricsSink {
  private readonly stream: ConsoleStream;
  private readonly now: () => number;
  private latest = new Map<MetricKey, number>();
  private recent: { step: number; time: number }[] = [];
  private lastProgress: Progress | undefined;
  private lastPaint = Number.NEGATIVE_INFINITY;
  private isPainted = false;

  constructor(
    stream: ConsoleStream = process.stderr,
    { now = () => performance.now() }: { now?: () => number } = {},
  ) {
    this.stream = stream;
    this.now = now;
  }

  write({ step, metrics }: MetricsEntry): void {
    for (const [key] of shown) {
      const value = metrics[key];
      if (value !== undefined && value !== null) this.latest.set(key, value);
    }
    const columns = shown.flatMap(([key, label, format]) => {
      const value = metrics[key];
      return value === undefined || value === null ? [] : [`${label} ${format(value)}`];
    });
    const total = this.lastProgress?.totalSteps;
    const place = total === undefined ? `step ${step}` : `step ${step}/${total}`;
    this.line(
      [place, ...columns, ...(this.stream.isTTY ? [] : [this.timeLeft()])]
        .filter(Boolean)
        .join('  '),
    );
  }

  /** Prints a line above the live one. */
  line(text: string): void {
    this.erase();
    this.stream.write(`${text}\n`);
    this.paint();
  }

  progress(progress: Progress): void {
    const last = this.lastProgress;
    this.lastProgress = progress;
    if (last?.step !== progress.step) {
      this.recent.push({ step: progress.step, time: this.now() });
      if (this.recent.length > 50) this.recent.shift();
    }
    const isDue = last?.phase !== progress.phase || this.now() - this.lastPaint >= repaintMs;
    if (isDue) this.paint();
  }

  close(): void {
    this.erase();
  }

  private paint(): void {
    if (!this.stream.isTTY || this.lastProgress === undefined) return;
    const { phase, step, totalSteps } = this.lastProgress;
    const figures = shown.flatMap(([key, label, format]) => {
      const value = this.latest.get(key);
      return value === undefined ? [] : [`${label} ${format(value)}`];
    });
    const share = totalSteps > 0 ? ` (${Math.floor((100 * step) / totalSteps)}%)` : '';
    const text = [`${phase}  step ${step}/${totalSteps}${share}`, this.timeLeft(), ...figures];
    const width = (this.stream.columns ?? 80) - 1;
    this.erase();
    this.stream.write(text.filter(Boolean).join('  ').slice(0, width));
    this.isPainted = true;
    this.lastPaint = this.now();
  }

  private erase(): void {
    if (this.isPainted) this.stream.write('\r\u001b[2K');
    this.isPainted = false;
  }

  private timeLeft(): string {
    const [first, last] = [this.recent[0], this.recent.at(-1)];
    if (first === undefined || last === undefined || last.step <= first.step) return '';
    const secondsPerStep = (last.time - first.time) / 1000 / (last.step - first.step);
    const left = (this.lastProgress!.totalSteps - last.step) * secondsPerStep;
    return left > 0 ? `${formatDuration(left)} left` : '';
  }
}

/** A duration in its two largest units: `1h 05m`, `2m 07s`, `9s`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const pad = (value: number) => String(value).padStart(2, '0');
  if (hours > 0) return `${hours}h ${pad(minutes)}m`;
  return minutes > 0 ? `${minutes}m ${pad(whole % 60)}s` : `${whole}s`;
}

function decimals(value: number): string {
  return Math.abs(value) >= 0.01 || value === 0 ? value.toFixed(3) : value.toExponential(1);
}

function percent(value: number): string {
  return `${(100 * value).toFixed(1)}%`;
}

function thousands(value: number): string {
  return value < 1000 ? value.toFixed(0) : `${(value / 1000).toFixed(1)}k`;
}
