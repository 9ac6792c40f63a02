import fc from 'fast-check';
import { expect, test } from 'vitest';
import { leaveOneOut } from './leave-one-out.ts';

test('the last item is test, the one before it valid, the rest train', () => {
  expect(leaveOneOut([{ user: 'a', items: [4, 7, 7, 2] }])).toEqual({
    train: [{ user: 'a', items: [4, 7], firstTarget: 1 }],
    valid: [{ user: 'a', history: [4, 7], target: 7 }],
    test: [{ user: 'a', history: [4, 7, 7], target: 2 }],
  });
});

test('users with fewer than three items are in train alone, with all of them', () => {
  const users = [
    { user: 'a', items: [4, 7] },
    { user: 'b', items: [1] },
  ];
  expect(leaveOneOut(users)).toEqual({
    train: [
      { user: 'a', items: [4, 7], firstTarget: 1 },
      { user: 'b', items: [1], firstTarget: 1 },
    ],
    valid: [],
    test: [],
  });
});

test('a history is cut to its latest items', () => {
  const { valid, test: last } = leaveOneOut([{ user: 'a', items: [1, 2, 3, 4, 5] }], {
    maxHistory: 2,
  });
  expect([valid[0]!.history, last[0]!.history]).toEqual([
    [2, 3],
    [3, 4],
  ]);
});

const users = fc
  .array(fc.array(fc.nat(5), { minLength: 1, maxLength: 8 }), { maxLength: 6 })
  .map((all) => all.map((items, index) => ({ user: `u${index}`, items })));

test('nothing is lost and order is kept: train, then valid, then test is what each user took', () => {
  fc.assert(
    fc.property(users, (all) => {
      const { train, valid, test: last } = leaveOneOut(all);
      const again = all.map(({ user }) => ({
        user,
        items: [
          ...train.filter((each) => each.user === user).flatMap(({ items }) => items),
          ...valid.filter((each) => each.user === user).map(({ target }) => target),
          ...last.filter((each) => each.user === user).map(({ target }) => target),
        ],
      }));
      expect(again).toEqual(all);
    }),
  );
});

test('no target is in its user’s train sequence where no user takes an item twice', () => {
  const once = users.map((all) =>
    all.map(({ user, items }) => ({ user, items: [...new Set(items)] })),
  );
  fc.assert(
    fc.property(once, (all) => {
      const { train, valid, test: last } = leaveOneOut(all);
      for (const { user, target } of [...valid, ...last])
        expect(train.find((each) => each.user === user)!.items).not.toContain(target);
    }),
  );
});
