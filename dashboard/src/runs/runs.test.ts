import { describe, expect, it } from 'vitest';
import { choicesOf, filterOf, isFiltering, passes } from './run-filter.ts';
import { sampleRun } from './run-row-sample.ts';
import { durationOf, nextSorting, sortingOf, sortingText, sortRuns } from './sort-runs.ts';

describe('a filter', () => {
  const run = sampleRun({
    name: 'Digits-3',
    tags: ['baseline'],
    notes: 'long rows',
    paper: 'capo',
  });
  const passesQuery = (query: string) => passes(run, filterOf(new URLSearchParams(query)));
  it.each([
    ['', true],
    ['text=digits', true],
    ['text=LONG+digits', true],
    ['text=digits+short', false],
    ['state=finished', true],
    ['state=running', false],
    ['tag=baseline&trainer=grpo', true],
    ['tag=base', false],
    ['paper=capo', true],
    ['paper=rere', false],
  ])('“%s” lets a run pass: %s', (query, isPassed) => {
    expect(passesQuery(query)).toBe(isPassed);
  });
  it('knows whether it filters', () => {
    expect(isFiltering(filterOf(new URLSearchParams('sort=name')))).toBe(false);
    expect(isFiltering(filterOf(new URLSearchParams('tag=a')))).toBe(true);
  });
  it('offers what the runs have, once each', () => {
    const runs = [run, sampleRun({ tags: ['a', 'baseline'] })];
    expect(choicesOf(runs, 'tag')).toEqual(['a', 'baseline']);
    expect(choicesOf(runs, 'paper')).toEqual(['capo']);
  });
});

describe('sorting', () => {
  const runs = [
    sampleRun({ id: 1, name: 'run-10', latest: { reward: 0.2 } }),
    sampleRun({ id: 2, name: 'run-9', latest: {}, createdAt: '2026-01-02T00:00:00Z' }),
    sampleRun({ id: 3, name: 'run-1', latest: { reward: -1 }, state: 'running' }),
  ];
  const ids = (text: string | null) => sortRuns(runs, sortingOf(text)).map(({ id }) => id);
  it('is newest first unless asked', () => {
    expect(ids(null)[0]).toBe(2);
    expect(sortingText(sortingOf('nonsense'))).toBeNull();
  });
  it('reads numbers in names as numbers', () => {
    expect(ids('name')).toEqual([3, 2, 1]);
  });
  it('puts runs without a value last in both directions', () => {
    expect(ids('value')).toEqual([3, 1, 2]);
    expect(ids('-value')).toEqual([1, 3, 2]);
  });
  it('puts running runs first', () => {
    expect(ids('state')[0]).toBe(3);
  });
  it('turns round at a second click', () => {
    const first = nextSorting(sortingOf(null), 'step');
    expect(sortingText(first)).toBe('-step');
    expect(sortingText(nextSorting(first, 'step'))).toBe('step');
  });
});

it('a run takes until its end, or its last sign of life', () => {
  expect(durationOf(sampleRun())).toBe(60);
  expect(durationOf(sampleRun({ endedAt: '2026-01-01T00:02:00Z' }))).toBe(120);
});
