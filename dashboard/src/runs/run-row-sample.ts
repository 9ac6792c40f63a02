import type { RunRow } from '../../../src/server/api.ts';

/** A run for tests, with what a test says of it. */
export const sampleRun = (changes: Partial<RunRow> = {}): RunRow => ({
  id: 1,
  folder: 'runs/a',
  name: 'a',
  trainer: 'grpo',
  state: 'finished',
  step: 10,
  totalSteps: 10,
  seed: 0,
  createdAt: '2026-01-01T00:00:00Z',
  updatedAt: '2026-01-01T00:01:00Z',
  endedAt: null,
  reason: null,
  tags: [],
  notes: '',
  parent: null,
  paper: null,
  recipe: null,
  latest: { reward: 0.5 },
  sparkline: [0.1, 0.5],
  sparklineKey: 'reward',
  ...changes,
});
