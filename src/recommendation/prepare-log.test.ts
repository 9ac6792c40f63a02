import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ItemTable, SemanticIdTable } from './log/item-table.ts';
import { prepareLog } from './prepare-log.ts';
import type { Interaction } from './types.ts';

const events = (text: string): Interaction[] =>
  text.split(' ').map((word) => {
    const [user, item, time] = word.split(':');
    return { user: user!, item: item!, time: time === undefined ? null : Number(time) };
  });
const logOf = (text: string) => ({
  interactions: events(text),
  order: 'log' as const,
  findings: [],
});
const titles = (entries: Record<string, string | undefined>): ItemTable => ({
  items: new Map(Object.entries(entries).map(([key, title]) => [key, { title, text: undefined }])),
  findings: [],
});
const ids = (entries: Record<string, string[]>): SemanticIdTable => ({
  ids: new Map(Object.entries(entries)),
  findings: [],
});
const counts = (report: readonly { name: string; count: number }[]) =>
  Object.fromEntries(report.map(({ name, count }) => [name, count]));

test('events are ordered by time, those of equal times as in the file, and these are counted', () => {
  const { data, report } = prepareLog('shop', logOf('a:w:3 a:x:1 a:y:2 a:z:2'), {});
  const keys = (places: readonly number[]) => places.map((place) => data.items[place]!.key);
  expect(keys(data.train[0]!.items)).toEqual(['x', 'y']);
  expect(keys([data.valid[0]!.target, data.test[0]!.target])).toEqual(['z', 'w']);
  expect(report).toMatchObject([{ name: 'equal_times', count: 1 }]);
});

test('the catalogue is in the order of the items file, then of the log', () => {
  const sources = { items: titles({ z: 'Z', never: 'N', x: 'X' }) };
  const { data, report } = prepareLog('shop', logOf('a:x a:new a:z'), sources);
  expect(data.items.map(({ key }) => key)).toEqual(['z', 'x', 'new']);
  expect(counts(report)).toEqual({
    unlisted_items: 1,
    untitled_items: 1,
    items_without_text: 1,
    untaken_items: 1,
  });
  const kept = prepareLog('shop', logOf('a:x a:z'), sources, { untakenItems: 'kept' });
  expect(kept.data.items.map(({ key }) => key)).toEqual(['z', 'never', 'x']);
  expect(kept.data.popularity).toEqual([1, 0, 1]);
});

test('events of items without a title or a semantic id go where those are required', () => {
  const sources = {
    items: titles({ x: 'X', y: undefined, z: 'Z' }),
    semanticIds: ids({ x: ['<a_1>'], y: ['<a_2>'] }),
  };
  const log = logOf('a:x a:y a:z a:w');
  const titled = prepareLog('shop', log, sources, { requireTitle: true });
  expect(titled.data.items.map(({ key }) => key)).toEqual(['x', 'z']);
  expect(counts(titled.report)).toMatchObject({ events_of_untitled_items: 2, items_without_id: 1 });
  const both = prepareLog('shop', log, sources, { requireTitle: true, requireSemanticId: true });
  expect(both.data.items.map(({ key }) => key)).toEqual(['x']);
  expect(counts(both.report)).toMatchObject({
    events_of_untitled_items: 2,
    events_of_items_without_id: 1,
  });
});

test('items that share a semantic id or a title are counted, with the targets they are', () => {
  const sources = {
    items: titles({ w: 'W', x: 'Same', y: 'Y', z: 'Same' }),
    semanticIds: ids({ w: ['<a_1>'], x: ['<a_2>'], y: ['<a_1>'], z: ['<a_3>'] }),
  };
  // Targets: of a, valid y, test z; of b, valid z, test x.
  const { report } = prepareLog('shop', logOf('a:w a:y a:z b:w b:z b:x'), sources);
  expect(report.map(({ count, text }) => `${count} ${text}`)).toEqual([
    '2 items whose semantic id another has too: they are targets of 1 of 2 questions of valid (50.0%) and 0 of 2 questions of test (0.0%)',
    '2 items whose title another has too: they are targets of 1 of 2 questions of valid (50.0%) and 2 of 2 questions of test (100.0%)',
  ]);
});

test('what the fewest events leave out is counted, and users of whom nothing is asked', () => {
  const log = logOf('a:x a:y a:x b:x b:y c:z');
  const { data, report } = prepareLog('shop', log, {}, { minUserEvents: 2, minItemEvents: 2 });
  expect(data.train.map(({ user }) => user)).toEqual(['a', 'b']);
  expect(counts(report)).toEqual({
    users_below_core: 1,
    items_below_core: 1,
    events_below_core: 1,
    short_users: 1,
  });
});

test('a log of which nothing is left says why', () => {
  const log = logOf('a:x b:y');
  expect(() => prepareLog('shop', log, {}, { minUserEvents: 5 })).toThrow(
    /shop: no user and item of 2 events has enough of them; lower/,
  );
  expect(() => prepareLog('shop', log, { items: titles({}) }, { requireTitle: true })).toThrow(
    /none of 2 events has an item with what is required/,
  );
  expect(() => prepareLog('shop', { ...log, interactions: [] }, {})).toThrow(/no event/);
});

test('a split by time of a log that lists user by user is refused without times', () => {
  const log = { ...logOf('a:x a:y b:x'), order: 'user' as const };
  expect(() => prepareLog('shop', log, {}, { split: 'time' })).toThrow(/use leave-one-out/);
  const timed = { ...logOf('a:x:1 a:y:3 b:x:2'), order: 'user' as const };
  expect(prepareLog('shop', timed, {}, { split: 'time' }).data.test).toHaveLength(1);
});

test('two users with one history and different targets keep both', () => {
  const { data } = prepareLog('shop', logOf('a:x a:y a:p a:q b:x b:y b:r b:q'), {});
  const answers = data.valid.map(({ history, target }) => [
    history.map((place) => data.items[place]!.key).join(),
    data.items[target]!.key,
  ]);
  expect(answers).toEqual([
    ['x,y', 'p'],
    ['x,y', 'r'],
  ]);
});

const interactions = fc.array(
  fc.record({
    user: fc.constantFrom('a', 'b', 'c'),
    item: fc.constantFrom('v', 'w', 'x', 'y', 'z'),
    time: fc.nat(6),
  }),
  { minLength: 1, maxLength: 24 },
);

test('whatever the order of a log, each user’s items come out by time and nothing is lost', () => {
  fc.assert(
    fc.property(interactions, (log) => {
      const source = { interactions: log, order: 'log' as const, findings: [] };
      const { data } = prepareLog('shop', source, {}, { repeats: 'none' });
      for (const { user, items: learned } of data.train) {
        const asked = [...data.valid, ...data.test].filter((each) => each.user === user);
        const all = [...learned, ...asked.map(({ target }) => target)];
        const expected = log.filter((each) => each.user === user);
        const byTime = expected.map((each, index) => ({ ...each, index }));
        byTime.sort((a, b) => a.time - b.time || a.index - b.index);
        expect(all.map((place) => data.items[place]!.key)).toEqual(byTime.map(({ item }) => item));
      }
      expect(data.train.length).toBe(new Set(log.map(({ user }) => user)).size);
    }),
  );
});

test('a target occurs in its user’s train as often as the log repeats it before, no more', () => {
  fc.assert(
    fc.property(interactions, (log) => {
      const source = { interactions: log, order: 'log' as const, findings: [] };
      const { data } = prepareLog('shop', source, {}, { repeats: 'item' });
      for (const { user, target } of [...data.valid, ...data.test])
        expect(data.train.find((each) => each.user === user)!.items).not.toContain(target);
    }),
  );
});
