import { expect, test } from 'vitest';
import { temporaryFiles } from '../../../test/support/temporary-files.ts';
import { readInteractions } from './read-interactions.ts';

const { write } = temporaryFiles();

test('columns are found by their usual names, which is said', async () => {
  const file = write(
    'log.csv',
    'rating,productId,Timestamp,reviewerID\n5,tea,20,ann\n1,cup,10,ben\n',
  );
  const { interactions, order, findings } = await readInteractions(file);
  expect(interactions).toEqual([
    { user: 'ann', item: 'tea', time: 20 },
    { user: 'ben', item: 'cup', time: 10 },
  ]);
  expect(order).toBe('log');
  expect(findings).toEqual([
    {
      name: 'rows_read',
      count: 2,
      text: 'rows read: users from "reviewerID", items from "productId", times from "Timestamp"',
      examples: [],
    },
  ]);
});

test('columns that are named win over usual names', async () => {
  const file = write('named.csv', 'user_id,who,item,what,time,when\n1,ann,x,tea,5,7\n');
  const { interactions } = await readInteractions(file, {
    user: 'who',
    item: 'what',
    time: 'when',
  });
  expect(interactions).toEqual([{ user: 'ann', item: 'tea', time: 7 }]);
});

test('without a column of times the order of the file counts', async () => {
  const { interactions, findings } = await readInteractions(
    write('order.jsonl', '{"user":1,"item":2}\n{"user":1,"item":"02"}\n'),
  );
  expect(interactions).toEqual([
    { user: '1', item: '2', time: null },
    { user: '1', item: '02', time: null },
  ]);
  expect(findings[0]!.text).toContain('the order of the file for want of a column of times');
});

test('bad rows are left out and counted, with file, line and what was found', async () => {
  const rows = [
    'ann,tea,1',
    'ann,tea',
    ',tea,2',
    'ann, ,3',
    'ben,cup,soon',
    'ben,cup,',
    'ben,cup,4',
  ];
  const file = write('bad.csv', `user_id,item_id,timestamp\n${rows.join('\n')}\n`);
  const { interactions, findings } = await readInteractions(file);
  expect(interactions.map(({ time }) => time)).toEqual([1, 4]);
  expect(findings.slice(1)).toEqual([
    {
      name: 'malformed_rows',
      count: 3,
      text: 'rows that could not be read, left out',
      examples: [
        `${file}:3: expected 3 values (user_id, item_id, timestamp), found 2`,
        `${file}:4: user_id is '', expected a user`,
        `${file}:5: item_id is ' ', expected an item`,
      ],
    },
    {
      name: 'events_without_time',
      count: 2,
      text: 'events whose time is missing or neither a number nor a date, left out',
      examples: [`${file}:6: timestamp is 'soon'`, `${file}:7: timestamp is ''`],
    },
  ]);
});

test('a line that is no JSON is a bad row among good ones', async () => {
  const file = write(
    'bad.jsonl',
    '{"user":"a","item":"x","time":1}\n{"user":\n[1]\n{"user":"a"}\n',
  );
  const { interactions, findings } = await readInteractions(file);
  expect(interactions).toHaveLength(1);
  const [, malformed] = findings;
  expect(malformed!.count).toBe(3);
  expect(malformed!.examples[0]).toMatch(/bad.jsonl:2: not valid JSON/);
  expect(malformed!.examples[2]).toMatch(/bad.jsonl:4: item is undefined, expected an item/);
});

test('a log whose columns cannot be told says what it has and how to name them', async () => {
  const file = write('odd.csv', 'person,item\na,x\n');
  await expect(readInteractions(file)).rejects.toThrow(
    /odd.csv: cannot tell which column names the user .* it has person, item; name it with --user_column/,
  );
  await expect(readInteractions(file, { user: 'persn' })).rejects.toThrow(
    /has no column "persn"; it has person, item; did you mean "person"/,
  );
});

test('a file of another format is refused with those that can be read', async () => {
  await expect(readInteractions(write('log.xlsx', ''))).rejects.toThrow(
    /log.xlsx: cannot tell the format from the name; readable are .csv, .jsonl/,
  );
});

test('atomic files name types in their header, and separate values by tabs', async () => {
  const text = 'user_id:token\titem_id:token\ttimestamp:float\n7\tthe item\t1.5\n8\tx\tlate\n';
  const { interactions, findings } = await readInteractions(write('shop.inter', text));
  expect(interactions).toEqual([{ user: '7', item: 'the item', time: 1.5 }]);
  expect(findings[1]!.examples[0]).toMatch(
    /shop.inter:3: expected timestamp to be float, found "late"/,
  );
});

test('an atomic file without types in its header is refused', async () => {
  await expect(readInteractions(write('plain.inter', 'user_id\titem_id\n'))).rejects.toThrow(
    /plain.inter:1: expected columns such as user_id:token .* found "user_id"/,
  );
});
