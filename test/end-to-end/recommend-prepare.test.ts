import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { workplace } from '../support/laurel-command.ts';

const { laurel, path, write } = workplace();

// Times of ann are out of order; one event is repeated, one has no time, one row is cut short.
write(
  'shop/log.csv',
  [
    'user_id,item_id,timestamp',
    'ann,tea,30',
    'ann,cup,10',
    'ann,pot,20',
    'ann,pot,20',
    'ben,cup,5',
    'ben,tea,6',
    'ben,jam,soon',
    'ben,jam',
    'ben,pot,7',
    'cat,mug,1',
    '',
  ].join('\n'),
);
write(
  'shop/items.jsonl',
  [
    { item_id: 'tea', title: 'Green tea', description: 'Fine leaves' },
    { item_id: 'cup', title: 'A cup' },
    { item_id: 'pot', title: 'A pot' },
    { item_id: 'tin', title: 'A tin' },
  ]
    .map((row) => `${JSON.stringify(row)}\n`)
    .join(''),
);
write(
  'ids.json',
  JSON.stringify({ tea: ['<a_1>'], cup: ['<a_2>'], pot: ['<a_1>'], mug: ['<a_3>'] }),
);

const lines = (file: string): unknown[] =>
  readFileSync(path(file), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

test('a log becomes a data set, and what was left out is said', async () => {
  const { code, stdout, stderr } = await laurel([
    ...['recommend', 'prepare', 'shop/log.csv', '--items', 'shop/items.jsonl'],
    ...['--index', 'ids.json', '--out', 'data/shop', '--min-user-events', '2'],
  ]);
  expect([code, stderr]).toEqual([0, '']);
  // Of 10 rows: one cut short, one without a time, one repeated, and cat has but one event.
  expect(stdout.split('\n').map((line) => line.trim())).toEqual([
    'log',
    'users     2',
    'items     3',
    'events    6',
    'sparsity  0.00%',
    'train     2 sequences, 0 next items',
    'valid     2 questions',
    'test      2 questions',
    '',
    'Found:',
    '10 rows read: users from "user_id", items from "item_id", times from "timestamp"',
    '1 rows that could not be read, left out',
    expect.stringMatching(/log.csv:9: expected 3 values \(user_id, item_id, timestamp\), found 2/),
    '1 events whose time is missing or neither a number nor a date, left out',
    expect.stringMatching(/log.csv:8: timestamp is 'soon'/),
    '1 repeated events (same user, item and time), left out',
    'such as user ann, item pot',
    '1 users left out so that each user has at least 2 events and each item 1',
    '1 items left out so that each user has at least 2 events and each item 1',
    '1 events left out so that each user has at least 2 events and each item 1',
    '1 listed items that nobody took, left out',
    'such as item tin',
    '2 items whose semantic id another has too: they are targets of 2 of 2 questions of valid (100.0%) and 2 of 2 questions of test (100.0%)',
    '',
    'Written to data/shop',
    '',
  ]);
  expect(lines('data/shop/items.jsonl')).toEqual([
    { key: 'tea', title: 'Green tea', text: 'Fine leaves', semanticId: ['<a_1>'] },
    { key: 'cup', title: 'A cup', semanticId: ['<a_2>'] },
    { key: 'pot', title: 'A pot', semanticId: ['<a_1>'] },
  ]);
  expect(lines('data/shop/train.jsonl')).toEqual([
    { user: 'ben', items: [1], firstTarget: 1 },
    { user: 'ann', items: [1], firstTarget: 1 },
  ]);
  expect(lines('data/shop/valid.jsonl')).toEqual([
    { user: 'ben', history: [1], target: 0 },
    { user: 'ann', history: [1], target: 2 },
  ]);
  expect(lines('data/shop/test.jsonl')).toEqual([
    { user: 'ben', history: [1, 0], target: 2 },
    { user: 'ann', history: [1, 2], target: 0 },
  ]);
});

test('the same options from a file make the same data set, and it is replaced whole', async () => {
  write('prepare.yaml', 'out: again\nmin_user_events: 2\nsplit: time\n');
  for (const split of ['time', 'leave-one-out']) {
    const args = ['recommend', 'prepare', 'shop/log.csv', '--config', 'prepare.yaml'];
    const { code, stderr } = await laurel([...args, '--split', split]);
    expect([code, stderr]).toEqual([0, '']);
  }
  expect(lines('again/valid.jsonl')).toEqual([
    { user: 'ben', history: [0], target: 1 },
    { user: 'ann', history: [0], target: 2 },
  ]);
});

test.each([
  [['prepare'], /say which log to read/],
  [['prepare', 'gone.csv', '--out', 'x'], /gone.csv: there is no such file/],
  [['prepare', 'shop/log.csv'], /Folder to write.*\n.*at out/],
  [['prepare', 'shop/log.csv', '--out', 'shop'], /something other than a prepared data set/],
  [['prepare', 'shop/log.csv', '--out', 'x', '--min-user-events', '9'], /lower the fewest events/],
  [
    ['prepare', 'shop/log.csv', '--out', 'x', '--user-column', 'usr'],
    /no column "usr"; it has user_id/,
  ],
  [['prepare', 'shop/log.csv', '--out', 'x', '--min-events', '2'], /min.events/],
  [['prepaer'], /no verb "prepaer". Did you mean prepare/],
])('recommend %j is refused with a reason, and nothing is written', async (args, reason) => {
  const { code, stdout, stderr } = await laurel(['recommend', ...args]);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(reason);
  expect(existsSync(path('x'))).toBe(false);
});

test('each verb and its options are listed', async () => {
  const verbs = await laurel(['recommend', '--help']);
  expect(verbs.stdout).toMatch(/laurel recommend prepare SOURCE --out FOLDER/);
  const options = await laurel(['recommend', 'prepare', '--help']);
  expect(options.stdout).toMatch(/--min_user_events N .*Fewest events of a user/);
});
