import { expect, test } from 'vitest';
import { temporaryFiles } from '../../test/support/temporary-files.ts';
import { loadRecommendationData, prepareSource } from './load-recommendation-data.ts';

const { root, write } = temporaryFiles();

const header = 'user_id,history_item_title,item_title,history_item_id,item_id';
const split = (name: string, rows: readonly string[]) =>
  write(name, `${[header, ...rows].join('\n')}\n`);

test('two users with one history and different targets keep both, in files of questions too', async () => {
  split('same/valid.csv', [`a,"['T']",U,[3],5`, `b,"['T']",V,[3],6`]);
  split('same/test.csv', [`a,"['T', 'U']",V,"[3, 5]",6`, `b,"['T', 'V']",U,"[3, 6]",5`]);
  const data = await loadRecommendationData(`${root}/same`);
  const key = (place: number) => data.items[place]!.key;
  const answers = [...data.valid, ...data.test].map(({ user, history, target }) =>
    [user, history.map(key).join('-'), key(target)].join(' '),
  );
  expect(answers).toEqual(['a 3 5', 'b 3 6', 'a 3-5 6', 'b 3-6 5']);
});

test('a file of train becomes sequences whose targets are those of its questions', async () => {
  split('whole/train.csv', ['a,,,[3],5', 'a,,,"[3, 5]",6', "b,,,\"['5', '6']\",3"]);
  split('whole/valid.csv', ['a,,,"[3, 5, 6]",4']);
  split('whole/test.csv', ['a,,,"[3, 5, 6, 4]",3', 'a,,,nothing,3', 'a,,,[],3']);
  write('whole/item.json', '{"3": {"title": "Three"}, "7": {"title": "Seven"}}');
  const { data, report } = await prepareSource(`${root}/whole`);
  const key = (place: number) => data.items[place]!.key;
  // Items of the items file first, taken or not, then the others as they occur.
  expect(data.items.map((item) => item.key)).toEqual(['3', '7', '5', '6', '4']);
  expect(
    data.train.map(({ items, ...rest }) => ({ ...rest, items: items.map(key).join('') })),
  ).toEqual([
    { user: 'a', items: '356', firstTarget: 1 },
    { user: 'b', items: '563', firstTarget: 2 },
  ]);
  expect(data.popularity).toEqual([2, 0, 2, 2, 0]);
  expect(report.map(({ name, count }) => [name, count])).toEqual([
    ['malformed_rows', 2],
    ['unlisted_items', 3],
    ['untitled_items', 3],
    ['items_without_text', 3],
    ['untaken_items', 1],
  ]);
  expect(report[0]!.examples[0]).toMatch(
    /test.csv:3: expected history_item_id to be a list of ids such as \[12, 7\], found nothing/,
  );
});

test('filters that are asked of a split made of files change nothing, and that is reported', async () => {
  split('fixed/valid.csv', ['a,,,[3],5']);
  split('fixed/test.csv', ['a,,,"[3, 5]",6']);
  const plain = await prepareSource(`${root}/fixed`, { split: 'leave-one-out', minUserEvents: 1 });
  const options = { minUserEvents: 9, split: 'time' } as const;
  const { data, report } = await prepareSource(`${root}/fixed`, options);
  expect(data).toEqual(plain.data);
  expect(plain.report.map(({ name }) => name)).toEqual(['train_from_histories']);
  expect(report[0]).toMatchObject({ name: 'ignored_options', count: 2 });
  expect(report[0]!.text).toMatch(/taken as it is: the split by time, fewest events of a user$/);
});

test('RecBole’s benchmark files are read as questions, its items beside them', async () => {
  const first = 'user_id:token\titem_id_list:token_seq\titem_id:token\n';
  write('bench/toys.train.inter', `${first}a\t3 5\t6\na\t3 5 6\t3\n`);
  write('bench/toys.valid.inter', `${first}a\t3 5 6 3\t5\n`);
  write('bench/toys.test.inter', `${first}a\t3 5 6 3 5\t6\na\t\t6\n`);
  write('bench/toys.item', 'item_id:token\ttitle:token_seq\n5\tA red ball\n');
  const { data, report } = await prepareSource(`${root}/bench`);
  expect(data.items[0]).toMatchObject({ key: '5', title: 'A red ball' });
  expect(data.train).toEqual([{ user: 'a', items: [1, 0, 2, 1], firstTarget: 2 }]);
  expect([data.valid.length, data.test.length]).toEqual([1, 1]);
  expect(report[0]).toMatchObject({ name: 'malformed_rows', count: 1 });
});

test('a folder with a .inter and a .item file is a log with its items', async () => {
  write('atomic/shop.inter', 'user_id:token\titem_id:token\ttimestamp:float\na\tx\t2\na\ty\t1\n');
  write('atomic/shop.item', 'item_id:token\ttitle:token_seq\nx\tTea\ny\tCup\n');
  for (const path of [`${root}/atomic`, `${root}/atomic/shop.inter`]) {
    const { items, train } = await loadRecommendationData(path);
    expect(items.map(({ title }) => title)).toEqual(['Tea', 'Cup']);
    expect(train).toEqual([{ user: 'a', items: [1, 0], firstTarget: 1 }]);
  }
});

test('a folder that holds no log says what is expected and what was found', async () => {
  write('odd/log.csv', 'user,item\n');
  await expect(loadRecommendationData(`${root}/odd`)).rejects.toThrow(
    /expected inter.json, valid.csv and test.csv, or a .inter file; found log.csv; a log of another name is given as a file/,
  );
  await expect(loadRecommendationData(`${root}/gone`)).rejects.toThrow(/no such file or folder/);
});

test('a semantic id file is chosen by name, and one that is not there is refused', async () => {
  write('ids/inter.json', '{"a": [0, 1, 0]}');
  write('ids/index.rkmeans.json', '{"0": ["<k_0>"], "1": ["<k_1>"]}');
  write('ids/index.rqvae.json', '{"0": ["<v_0>"], "1": "<v_1>"}');
  const byDefault = await prepareSource(`${root}/ids`);
  expect(byDefault.data.items.map(({ semanticId }) => semanticId)).toEqual([['<v_0>'], undefined]);
  expect(byDefault.report.map(({ name }) => name)).toEqual([
    'malformed_semantic_ids',
    'items_without_id',
  ]);
  const chosen = await loadRecommendationData(`${root}/ids`, { index: 'index.rkmeans.json' });
  expect(chosen.items.map(({ semanticId }) => semanticId)).toEqual([['<k_0>'], ['<k_1>']]);
  await expect(loadRecommendationData(`${root}/ids`, { index: 'index.x.json' })).rejects.toThrow(
    /index.x.json: there is no such file/,
  );
});
