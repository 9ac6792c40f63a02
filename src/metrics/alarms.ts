/**
 * Signs that a run by reward goes wrong, told from its lines of metrics. Each is raised when it has held for some lines in a
 * row, and again only after it has gone: between the two lies a gap, so that a value at the threshold is told of once.
 * What is told at a line depends on the lines up to it alone.
 */
import type { MetricKey } from './keys.ts';
import type { MetricsEntry } from './metrics-sink.ts';

/** What goes wrong. */
export type AlarmName =
  | 'entropy collapse'
  | 'zero-variance groups'
  | 'truncation'
  | 'divergence from the reference'
  | 'skipped steps';

/** Something that a person should look at. */
export interface Alarm {
  readonly step: number;
  readonly name: AlarmName;
  /** What was seen, and what helps. */
  readonly message: string;
}

type Line = Pick<MetricsEntry, 'step' | 'metrics'>;

/** A value that a detector watches: whether it is too far, back again, or between; and how it is told. */
interface Sign {
  readonly verdict: 'raise' | 'clear' | 'keep';
  readonly message: string;
}

interface Detector {
  readonly name: AlarmName;
  /** Lines in a row that must say so. */
  readonly patience: number;
  /** Looks at a line; undefined where it has no say. Called with every line, in order. */
  readonly look: (line: Line) => Sign | undefined;
}

const percent = (share: number): string => `${Math.round(100 * share)}%`;

/** A watch over one run. @returns a function to call with each line, in order, which gives what is to be told. */
export function watchAlarms(): (line: Line) => Alarm[] {
  const watches = [
    entropyCollapse(),
    zeroVariance(),
    truncation(),
    divergence(),
    skippedSteps(),
  ].map(withHysteresis);
  return (line) => watches.flatMap((watch) => watch(line));
}

/** Every alarm of a run's lines, in order. */
export function alarmsOf(lines: readonly Line[]): Alarm[] {
  return lines.flatMap(watchAlarms());
}

function withHysteresis({ name, patience, look }: Detector): (line: Line) => Alarm[] {
  let inARow = 0;
  let isRaised = false;
  return (line) => {
    const sign = look(line);
    if (sign === undefined) return [];
    inARow = sign.verdict === 'raise' ? inARow + 1 : 0;
    if (sign.verdict === 'clear') isRaised = false;
    if (isRaised || inARow < patience) return [];
    isRaised = true;
    return [{ step: line.step, name, message: sign.message }];
  };
}

const COLLAPSED = 0.1;
const RECOVERED = 0.2;
/** Lines whose mean is what a run started from. */
const START_LINES = 5;

/** Only where a reward is logged: in supervised training entropy falls because it is learned. */
function entropyCollapse(): Detector {
  const first: number[] = [];
  return {
    name: 'entropy collapse',
    patience: 3,
    look: ({ metrics }) => {
      const { entropy, reward } = metrics;
      if (typeof entropy !== 'number' || reward === undefined) return undefined;
      if (first.length < START_LINES) {
        first.push(entropy);
        return undefined;
      }
      const start = first.reduce((sum, value) => sum + value, 0) / START_LINES;
      const verdict =
        entropy < COLLAPSED * start ? 'raise' : entropy > RECOVERED * start ? 'clear' : 'keep';
      const seen = `entropy is ${entropy.toPrecision(2)} nats, below ${percent(COLLAPSED)} of the ${start.toPrecision(2)} it started from`;
      const advice =
        'completions hardly differ any more; raise entropy_coef or beta, or lower learning_rate';
      return { verdict, message: `${seen}: ${advice}` };
    },
  };
}

/** Watches one metric against a threshold, and a lower one to be over. */
const above = (
  key: MetricKey,
  raise: number,
  clear: number,
  tell: (value: number) => string,
): Detector['look'] => {
  return ({ metrics }) => {
    const value = metrics[key];
    if (typeof value !== 'number') return undefined;
    const verdict = value >= raise ? 'raise' : value < clear ? 'clear' : 'keep';
    return { verdict, message: tell(value) };
  };
};

const zeroVariance = (): Detector => ({
  name: 'zero-variance groups',
  patience: 3,
  look: above(
    'frac_reward_zero_std',
    0.9,
    0.7,
    (value) =>
      `in ${percent(value)} of groups all completions have the same reward, which teaches nothing: choose prompts of another difficulty, a finer reward, or a higher num_generations`,
  ),
});

const truncation = (): Detector => ({
  name: 'truncation',
  patience: 3,
  look: above(
    'completions/clipped_ratio',
    0.5,
    0.3,
    (value) =>
      `${percent(value)} of completions are cut by max_completion_length: raise it, or reward shorter ones`,
  ),
});

const divergence = (): Detector => ({
  name: 'divergence from the reference',
  patience: 3,
  look: above(
    'kl',
    1,
    0.5,
    (value) =>
      `the KL divergence from the reference model is ${value.toPrecision(2)} nats a token: raise beta, or lower learning_rate`,
  ),
});

/** Lines without a skipped step after which the next one is told of again. */
const CALM_LINES = 5;

function skippedSteps(): Detector {
  let [before, calm] = [0, 0];
  return {
    name: 'skipped steps',
    patience: 1,
    look: ({ metrics: { nonfinite_steps: now } }) => {
      if (typeof now !== 'number') return undefined;
      const skipped = now - before;
      before = now;
      calm = skipped > 0 ? 0 : calm + 1;
      const verdict = skipped > 0 ? 'raise' : calm >= CALM_LINES ? 'clear' : 'keep';
      const message = `${skipped === 1 ? 'a step was' : `${skipped} steps were`} skipped because the loss or a gradient was not finite (${now} so far): lower learning_rate or max_grad_norm, and look at the rewards`;
      return { verdict, message };
    },
  };
}
