import { expect, test } from 'vitest';
import { parseTime } from './parse-time.ts';

test.each([
  [1.5, 1.5],
  ['1506816000', 1506816000],
  [' 12.25 ', 12.25],
  // 2017-10-01 is 17,440 days of 86,400 s after 1970.
  ['2017-10-01', 1506816000],
  ['2017-10-01T00:00:01Z', 1506816001],
  ['2017-10-01 00:01', 1506816060],
  ['2017-10-01T02:00:00.5+02:00', 1506816000.5],
])('%j is a time', (value, expected) => {
  expect(parseTime(value)).toBe(expected);
});

test('a number of 64 bits is a time', () => {
  expect(parseTime(7n)).toBe(7);
});

test('what is neither a number nor an ISO date is no time', () => {
  const values = ['', ' ', 'yesterday', '2017-13-01', '10/1/2017', null, undefined, Number.NaN];
  expect(values.filter((value) => parseTime(value) !== undefined)).toEqual([]);
  expect(parseTime('Infinity')).toBeUndefined();
});
