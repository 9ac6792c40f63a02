import { expect, test } from 'vitest';
import type { HeadlineView } from '../../../src/server/api.ts';
import { activityWords, authorWords, dateWords, formatValue, spreadWords } from './paper-words.ts';

const headline: HeadlineView = {
  name: 'change of RMSE',
  ours: -20,
  paper: -24.42,
  unit: 'percent',
  spread: { low: -30, high: -10, of: '95% bootstrap interval over runs' },
  seeds: [0, 1, 2],
  command: 'npx laurel reproduce likelihood',
};

test('numbers carry their unit, and a missing one is a dash', () => {
  expect(formatValue(-24.42, headline)).toBe('−24.42%');
  expect(formatValue(0.5, { unit: 'nats' })).toBe('0.5 nats');
  expect(formatValue(0.234, { unit: '' })).toBe('0.234');
  expect(formatValue(null, headline)).toBe('–');
});

test('a spread is said with what it is of, and the seeds', () => {
  expect(spreadWords(headline)).toBe(
    '−30% to −10%, 95% bootstrap interval over runs; seeds 0, 1, 2',
  );
  expect(spreadWords({ ...headline, spread: null, seeds: [4] })).toBe('seed 4');
  expect(spreadWords({ ...headline, spread: null, seeds: [] })).toBe('');
});

test('runs are counted, those that run now apart', () => {
  const lastAt = new Date().toISOString();
  expect(activityWords({ runs: 0, running: 0, recent: 0, lastAt: null })).toBe('No runs here yet');
  expect(activityWords({ runs: 1, running: 0, recent: 1, lastAt })).toBe(
    '1 run here, last just now',
  );
  expect(activityWords({ runs: 3, running: 1, recent: 3, lastAt })).toBe(
    '3 runs here, 1 running, last just now',
  );
});

test('up to three authors are named, and a date is a date in every time zone', () => {
  expect(authorWords({ authors: ['A', 'B', 'C'] })).toBe('A, B, C');
  expect(authorWords({ authors: ['A', 'B', 'C', 'D'] })).toBe('A and 3 others');
  expect(dateWords('2025-10-01')).toBe('1 Oct 2025');
});
