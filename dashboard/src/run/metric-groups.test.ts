import { expect, it } from 'vitest';
import { groupMetrics, headline } from './metric-groups.ts';

const metric = (key: string, group: string) => ({
  ...{ key, group, unit: '', definition: '', estimator: '', last: null },
});
const metrics = [
  metric('time/reward', 'time'),
  metric('loss', 'training'),
  metric('clip_ratio/low_mean', 'clip_ratio'),
  metric('reward', 'training'),
  metric('eval_loss', 'evaluation'),
  metric('lora_norm/all', 'lora_norm'),
];

it('groups come in the order people ask for them, with a title', () => {
  expect(groupMetrics(metrics).map(({ title }) => title)).toEqual([
    'Training',
    'Evaluation',
    'Clipping',
    'Lora norm',
    'Time',
  ]);
});

it('a text leaves the metrics that have it in their name', () => {
  const keys = groupMetrics(metrics, 'reward').flatMap((group) => group.metrics);
  expect(keys.map(({ key }) => key)).toEqual(['reward', 'time/reward']);
});

it('the headline is the reward, else the evaluation, else the loss', () => {
  expect(headline(metrics)?.key).toBe('reward');
  expect(headline(metrics.filter(({ key }) => key !== 'reward'))?.key).toBe('eval_loss');
  expect(headline([metric('loss', 'training')])?.key).toBe('loss');
  expect(headline([])).toBeUndefined();
});
