import type { ResultsRecord } from '../../src/papers/results-record.ts';

/** A record of results, complete but for checks and plots. */
export const paperRecord = (part: Partial<ResultsRecord> = {}): ResultsRecord => ({
  paper: 'likelihood',
  recordedAt: '2026-01-02T03:04:05.000Z',
  laurelVersion: '0.1.0',
  machines: [],
  command: 'npx laurel reproduce likelihood',
  headline: {
    name: 'change of RMSE',
    ours: -18.3,
    paper: -24.42,
    unit: 'percent',
    spread: null,
    seeds: [0, 1],
    command: 'npx laurel reproduce likelihood',
  },
  checks: [],
  plots: [],
  cells: { planned: 2, done: 2, missing: [], seconds: 61 },
  ...part,
});
