import { describe, expect, it } from 'vitest';
import {
  count,
  formatAge,
  formatBytes,
  formatCompact,
  formatDuration,
  formatMetric,
  formatNumber,
} from './format.ts';

describe('formatNumber', () => {
  it.each([
    [0, '0'],
    [0.123456, '0.1235'],
    [-0.5, '−0.5'],
    [1234, '1,234'],
    [123456.7, '123,457'],
    [1.2e-7, '1.2e-7'],
    [2e12, '2e+12'],
    [2.71234, '2.712'],
    [10, '10'],
  ])('%d reads %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });
  it('shows a dash where there is no value', () => {
    expect([formatNumber(null), formatNumber(undefined), formatNumber(Number.NaN)]).toEqual([
      '–',
      '–',
      '–',
    ]);
  });
});

describe('formatDuration', () => {
  it.each([
    [0.0123, '12 ms'],
    [1.25, '1.3 s'],
    [59, '59 s'],
    [200, '3 min 20 s'],
    [7500, '2 h 05 min'],
    [273_600, '3 d 4 h'],
    [-1, '–'],
  ])('%d seconds read %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});

it('sizes are decimal', () => {
  expect([formatBytes(0), formatBytes(1500), formatBytes(1.234e9), formatBytes(null)]).toEqual([
    '0 B',
    '1.5 kB',
    '1.23 GB',
    '–',
  ]);
});

it('axes are short', () => {
  expect([0, 0.25, 1500, -2e6].map(formatCompact)).toEqual(['0', '0.25', '1.5K', '−2M']);
});

it('a unit that says more than the number decides its form', () => {
  expect(formatMetric(2e9, 'bytes')).toBe('2 GB');
  expect(formatMetric(90, 's')).toBe('1 min 30 s');
  expect(formatMetric(0.5, 'nats')).toBe('0.5');
});

it('ages are rounded to what matters', () => {
  const now = Date.parse('2026-01-02T00:00:00Z');
  expect(formatAge('2026-01-01T23:59:50Z', now)).toBe('just now');
  expect(formatAge('2026-01-01T23:55:00Z', now)).toBe('5 min ago');
  expect(formatAge('2026-01-01T20:00:00Z', now)).toBe('4 h ago');
  expect(formatAge('2025-12-28T00:00:00Z', now)).toBe('5 d ago');
});

it('a noun agrees with its number', () => {
  expect([count(1, 'run'), count(2000, 'run'), count(2, 'series', 'series')]).toEqual([
    '1 run',
    '2,000 runs',
    '2 series',
  ]);
});
