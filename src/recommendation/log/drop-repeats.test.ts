import { expect, test } from 'vitest';
import { dropRepeats } from './drop-repeats.ts';

const event = (item: string, time: number | null) => ({ user: 'a', item, time });

test('the same user, item and time is one event', () => {
  const log = [event('x', 1), event('x', 2), event('x', 1), event('y', 1)];
  const { interactions, findings } = dropRepeats(log, 'event');
  expect(interactions).toEqual([event('x', 1), event('x', 2), event('y', 1)]);
  expect(findings).toMatchObject([{ name: 'repeated_events', count: 1 }]);
});

test('events without a time are not repeats of one another', () => {
  const log = [event('x', null), event('x', null)];
  expect(dropRepeats(log, 'event')).toEqual({ interactions: log, findings: [] });
});

test('an item taken again is left out where that is asked, the first time stays', () => {
  const log = [event('x', 5), event('y', 1), event('x', 2)];
  const { interactions, findings } = dropRepeats(log, 'item');
  expect(interactions).toEqual([event('x', 5), event('y', 1)]);
  expect(findings).toMatchObject([{ count: 1, examples: ['user a, item x'] }]);
});

test('nothing is left out where repeats are welcome', () => {
  const log = [event('x', 1), event('x', 1)];
  expect(dropRepeats(log, 'none').interactions).toEqual(log);
});

test('keys that look alike when joined are told apart', () => {
  const log = [
    { user: 'a,b', item: 'c', time: 1 },
    { user: 'a', item: 'b,c', time: 1 },
  ];
  expect(dropRepeats(log, 'item').interactions).toHaveLength(2);
});
