import fc from 'fast-check';
import { expect, test } from 'vitest';
import { timeSplit } from './time-split.ts';

/** Users and steps of a log that names users in the order of time; items count up, so that each is of one event. */
function fromOrder(order: readonly number[]) {
  const items: number[][] = [];
  const steps = order.map((user, item) => {
    items[user] ??= [];
    items[user].push(item);
    return { user, index: items[user].length - 1 };
  });
  const users = Array.from(items, (taken, user) => ({ user: `u${user}`, items: taken ?? [] }));
  return { users, steps };
}

test('what follows each prefix is split by time', () => {
  // Items 0 to 6; u0 takes 0, 1, 3, 5 and u1 takes 2, 4, 6. The questions by time ask for 1, 3, 4, 5, 6.
  const { users, steps } = fromOrder([0, 0, 1, 0, 1, 0, 1]);
  // Shares 3:1:1 of 5 questions: 1, 3, 4 | 5 | 6.
  expect(timeSplit(users, steps, { shares: [3, 1, 1] })).toEqual({
    train: [
      { user: 'u0', items: [0, 1, 3], firstTarget: 1 },
      { user: 'u1', items: [2, 4], firstTarget: 1 },
    ],
    valid: [{ user: 'u0', history: [0, 1, 3], target: 5 }],
    test: [{ user: 'u1', history: [2, 4], target: 6 }],
  });
});

test('bounds are rounded down, as in the published split of 45,324 questions', () => {
  // One user, 45,325 events: ⌊0.8 · 45,324⌋ = 36,259 and ⌊0.9 · 45,324⌋ = 40,791, so 4,532 and 4,533 remain.
  const { users, steps } = fromOrder(new Array(45_325).fill(0));
  const { train, valid, test: last } = timeSplit(users, steps, { maxHistory: 10 });
  expect([train[0]!.items.length - 1, valid.length, last.length]).toEqual([36_259, 4532, 4533]);
  expect(last.at(-1)!.history).toHaveLength(10);
});

const logs = fc.array(fc.nat(3), { maxLength: 30 }).map((order) => {
  const used = [...new Set(order)];
  return fromOrder(order.map((user) => used.indexOf(user)));
});

test('each event is learned, asked for, or a user’s first after train, once', () => {
  fc.assert(
    fc.property(logs, ({ users, steps }) => {
      const { train, valid, test: last } = timeSplit(users, steps);
      const learned = train.flatMap(({ items }) => items);
      const asked = [...valid, ...last].map(({ target }) => target);
      const late = users
        .filter(({ user }) => train.every((each) => each.user !== user))
        .map(({ items }) => items[0]!);
      const events = users.flatMap(({ items }) => items);
      expect([...learned, ...asked, ...late].sort((a, b) => a - b)).toEqual(
        events.sort((a, b) => a - b),
      );
    }),
  );
});

test('all of train is before all of valid, and that before all of test', () => {
  fc.assert(
    fc.property(logs, ({ users, steps }) => {
      const { train, valid, test: last } = timeSplit(users, steps);
      // Items count up with time.
      const ends = [train.flatMap(({ items }) => items), valid, last].map((part) =>
        part.map((each) => (typeof each === 'number' ? each : each.target)),
      );
      const [a, b, c] = ends as [number[], number[], number[]];
      expect(Math.max(-1, ...a)).toBeLessThan(Math.min(Infinity, ...b, ...c));
      expect(Math.max(-1, ...b)).toBeLessThan(Math.min(Infinity, ...c));
    }),
  );
});

test('a history is all that its user took before the target, in order', () => {
  fc.assert(
    fc.property(logs, ({ users, steps }) => {
      const { valid, test: last } = timeSplit(users, steps);
      for (const { user, history, target } of [...valid, ...last]) {
        const { items } = users.find((each) => each.user === user)!;
        expect(history).toEqual(items.slice(0, items.indexOf(target)));
      }
    }),
  );
});
