import { expect, test } from 'vitest';
import { temporaryFiles } from '../../../test/support/temporary-files.ts';
import { readItems } from './read-items.ts';

const { write } = temporaryFiles();

test('titles and texts are read from lines of JSON, lists joined', async () => {
  const rows = [
    { item_id: 7, title: 'Tea', description: ['green', 'fine'], brand: 'Leaf', price: 3 },
    { item_id: 'cup', title: '  ', categories: [['Home'], ['Kitchen']] },
  ];
  const { items, findings } = await readItems(
    write('items.jsonl', rows.map((row) => JSON.stringify(row)).join('\n')),
  );
  expect([...items]).toEqual([
    ['7', { title: 'Tea', text: 'green fine\nLeaf' }],
    ['cup', { title: undefined, text: 'Home Kitchen' }],
  ]);
  expect(findings).toEqual([]);
});

test('one object by item is read as such, entries that are no item left out', async () => {
  const { items, findings } = await readItems(
    write('item.json', '{"0": {"title": "Tea"}, "1": 5}'),
  );
  expect([...items]).toEqual([['0', { title: 'Tea', text: undefined }]]);
  expect(findings).toMatchObject([{ name: 'malformed_items', count: 1 }]);
});

test('an item that comes again is left out and counted, as are rows without one', async () => {
  const file = write('items.csv', 'asin,name\nx,one\nx,two\n,three\n');
  const { items, findings } = await readItems(file);
  expect([...items.values()]).toEqual([{ title: 'one', text: undefined }]);
  expect(findings).toMatchObject([
    { name: 'malformed_items', count: 1, examples: [`${file}:4: asin names no item`] },
    { name: 'repeated_items', count: 1, examples: [`${file}:3: item x`] },
  ]);
});

test('columns can be named', async () => {
  const file = write('named.csv', 'sku,label,notes,title\nx,Cup,big,T\n');
  const { items } = await readItems(file, {
    item: 'sku',
    title: 'label',
    text: ['notes', 'title'],
  });
  expect(items.get('x')).toEqual({ title: 'Cup', text: 'big\nT' });
  await expect(readItems(file)).rejects.toThrow(/cannot tell which column names the item/);
});

test('an atomic file of items has its words joined', async () => {
  const text = 'item_id:token\ttitle:token_seq\tcategories:token_seq\n7\tGreen tea\tHome Kitchen\n';
  const { items } = await readItems(write('shop.item', text));
  expect(items.get('7')).toEqual({ title: 'Green tea', text: 'Home Kitchen' });
});
