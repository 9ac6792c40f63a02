import { expect, test } from 'vitest';
import type { PaperActivity, PaperView } from '../../../src/server/api.ts';
import { orderOf, sortPapers } from './sort-papers.ts';

const idle: PaperActivity = { runs: 0, running: 0, recent: 0, lastAt: null };
const paper = (name: string, date: string, activity: Partial<PaperActivity> = {}): PaperView =>
  ({ name, date, activity: { ...idle, ...activity } }) as PaperView;

const papers = [
  paper('new', '2025-10-23'),
  paper('old-runs', '2025-10-14', { runs: 9, lastAt: '2026-01-01T00:00:00Z' }),
  paper('busy', '2025-10-06', { runs: 3, recent: 3, lastAt: '2026-11-28T00:00:00Z' }),
  paper('stirring', '2024-10-15', { runs: 1, recent: 1, lastAt: '2026-11-29T00:00:00Z' }),
];
const names = (order: 'newest' | 'trending') => sortPapers(papers, order).map(({ name }) => name);

test('trending is runs of the last week, then the last run, then the date', () => {
  expect(names('trending')).toEqual(['busy', 'stirring', 'old-runs', 'new']);
});

test('newest first is as the server lists them, and what an address without an order shows', () => {
  expect(names('newest')).toEqual(papers.map(({ name }) => name));
  expect([null, 'trending', 'loudest'].map(orderOf)).toEqual(['newest', 'trending', 'newest']);
});
