import { expect, test } from 'vitest';
import { parseResults, type ResultsRecord, serializeResults } from './results-record.ts';

const record: ResultsRecord = {
  paper: 'likelihood',
  recordedAt: '2026-01-02T03:04:05.000Z',
  laurelVersion: '0.1.0',
  machines: [{ libtorch: '1.13.0', threads: 1 }],
  command: 'npx laurel reproduce likelihood',
  headline: {
    name: 'change of RMSE',
    ours: -20,
    paper: -24.42,
    unit: 'percent',
    spread: { low: -30, high: -10, of: '95% bootstrap interval over runs' },
    seeds: [0, 1, 2],
    command: 'npx laurel reproduce likelihood',
  },
  checks: [],
  plots: [{ file: 'win-against-likelihood.svg', title: 'Win', caption: 'Win by likelihood.' }],
  cells: { planned: 2, done: 1, missing: ['a 0'], seconds: 12.5 },
};

test('a record is read as it was written', () => {
  expect(parseResults(serializeResults(record))).toEqual(record);
});

test('a plot outside the folder’s names and an unknown field are refused', () => {
  const change = (part: object) => JSON.stringify({ ...record, ...part });
  expect(() => parseResults(change({ plots: [{ ...record.plots[0], file: 'a b.svg' }] }))).toThrow(
    /file/,
  );
  expect(() => parseResults(change({ extra: 1 }))).toThrow(/extra/);
});
