import fc from 'fast-check';
import { expect, test } from 'vitest';
import { kCore } from './k-core.ts';

interface Event {
  readonly user: string;
  readonly item: string;
}

const events = fc.array(
  fc.record({ user: fc.constantFrom('a', 'b', 'c'), item: fc.constantFrom('x', 'y', 'z') }),
  { maxLength: 9 },
);
const fewest = fc.record({ minUserEvents: fc.nat(4), minItemEvents: fc.nat(4) });
type Fewest = { readonly minUserEvents: number; readonly minItemEvents: number };

const isCore = (log: readonly Event[], { minUserEvents, minItemEvents }: Fewest): boolean =>
  log.every(
    ({ user, item }) =>
      log.filter((each) => each.user === user).length >= minUserEvents &&
      log.filter((each) => each.item === item).length >= minItemEvents,
  );

/** The union of all sub-logs that are cores, which is one too: no event of it has fewer companions than in its own. */
function largestCore(log: readonly Event[], options: Fewest): Event[] {
  let union = 0;
  for (let subset = 0; subset < 2 ** log.length; subset += 1) {
    const part = log.filter((_, index) => (subset >> index) & 1);
    if (isCore(part, options)) union |= subset;
  }
  return log.filter((_, index) => (union >> index) & 1);
}

test('the core is the largest sub-log in which everybody has enough events, in the same order', () => {
  fc.assert(
    fc.property(events, fewest, (log, options) => {
      expect(kCore(log, options)).toEqual(largestCore(log, options));
    }),
  );
});

test('the core of a core is itself', () => {
  fc.assert(
    fc.property(events, fewest, (log, options) => {
      const core = kCore(log, options);
      expect(kCore(core, options)).toEqual(core);
    }),
  );
});

test('leaving out an item may leave out a user, and so on', () => {
  // Item z has one event; without it user b has one; without b item y has one; without y user a has one, then x none.
  const log = [
    ['a', 'x'],
    ['a', 'y'],
    ['b', 'y'],
    ['b', 'z'],
  ].map(([user, item]) => ({ user: user!, item: item! }));
  expect(kCore(log, { minUserEvents: 2, minItemEvents: 2 })).toEqual([]);
  expect(kCore(log, { minUserEvents: 2 })).toEqual(log);
});
