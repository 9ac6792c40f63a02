import type { MetricView } from '../../../src/server/api.ts';

/** Metrics that are shown together. */
export interface MetricGroup {
  readonly name: string;
  readonly title: string;
  readonly metrics: readonly MetricView[];
}

const titles: Readonly<Record<string, string>> = {
  training: 'Training',
  evaluation: 'Evaluation',
  rewards: 'Rewards',
  completions: 'Completions',
  clip_ratio: 'Clipping',
  sampling: 'Sampling beside scoring',
  rollout: 'Rollouts',
  logps: 'Log-probabilities',
  logits: 'Logits',
  time: 'Time',
  engine: 'Engine',
  custom: 'Your own',
};

/** Groups in the order people ask for them; others come before the last three. */
const order = ['training', 'evaluation', 'rewards', 'completions'];
const lastOrder = ['custom', 'time', 'engine'];

const rank = (name: string): number =>
  order.includes(name) ? order.indexOf(name) - 100 : lastOrder.indexOf(name);

/** The metrics by group, those whose key has the text in it. */
export function groupMetrics(metrics: readonly MetricView[], text = ''): readonly MetricGroup[] {
  const groups = new Map<string, MetricView[]>();
  for (const metric of metrics) {
    if (!metric.key.toLowerCase().includes(text)) continue;
    groups.set(metric.group, [...(groups.get(metric.group) ?? []), metric]);
  }
  return [...groups]
    .map(([name, members]) => ({ name, title: titles[name] ?? humanized(name), metrics: members }))
    .sort((left, right) => rank(left.name) - rank(right.name));
}

const humanized = (name: string): string =>
  `${name.charAt(0).toUpperCase()}${name.slice(1).replaceAll('_', ' ')}`;

/** The metric that says how a run goes: its reward, else its evaluation, else its loss. */
export function headline(metrics: readonly MetricView[]): MetricView | undefined {
  const found = ['reward', 'eval_reward', 'eval_loss', 'loss'].map((wanted) =>
    metrics.find(({ key }) => key === wanted),
  );
  return found.find((metric) => metric !== undefined);
}
