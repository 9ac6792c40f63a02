import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, DataError } from '../errors.ts';
import { type LoadDatasetOptions, loadDataset } from './index.ts';

const goldenFolder = new URL('../../test/golden/data/', import.meta.url);
const golden = JSON.parse(readFileSync(new URL('golden.json', goldenFolder), 'utf8'));
const goldenFile = (name: string) => new URL(name, goldenFolder).pathname;
/** No network: names that are not on disk end at an empty cache. */
const offline = { HF_HUB_OFFLINE: '1', HF_HUB_CACHE: '/nonexistent' };

/** A folder with the given files, which may lie in folders of their own. */
function folderOf(files: Record<string, string | Buffer>): string {
  const folder = mkdtempSync(join(tmpdir(), 'laurel-data-'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}
const rowsOf = async (path: string, options?: LoadDatasetOptions) =>
  (await loadDataset(path, options)).rows.map(({ columns }) => columns);
const load = (name: string, content: string | Buffer, options?: LoadDatasetOptions) =>
  loadDataset(join(folderOf({ [name]: content }), name), options);
const rows = async (name: string, content: string | Buffer, options?: LoadDatasetOptions) =>
  (await load(name, content, options)).rows.map(({ columns }) => columns);

describe('JSONL', () => {
  it('keeps row numbers, columns in order of appearance, and values as written', async () => {
    const dataset = await load(
      'a.jsonl',
      '{"n": "007", "x": 1}\n{"x": null, "extra": [1, {"k": true}]}\n',
    );
    expect(dataset.rows).toEqual([
      { index: 0, columns: { n: '007', x: 1 } },
      { index: 1, columns: { x: null, extra: [1, { k: true }] } },
    ]);
    expect(dataset.columns).toEqual(['n', 'x', 'extra']);
    expect(dataset.badRows).toBe(0);
  });

  it.each([
    ['a byte order mark', '\ufeff{"a":1}\n{"a":2}\n'],
    ['Windows line ends', '{"a":1}\r\n{"a":2}\r\n'],
    ['a last line without its end', '{"a":1}\n{"a":2}'],
    ['blank lines', '\n{"a":1}\n  \n{"a":2}\n\n'],
  ])('reads past %s', async (_, content) => {
    expect(await rows('a.jsonl', content)).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it('reads lines longer than a read from disk', async () => {
    const long = 'é'.repeat(1_500_000);
    const content = `{"a":"${long}"}\n{"a":"b"}\n{"a":"${long}"}`;
    expect(await rows('a.jsonl', content)).toEqual([{ a: long }, { a: 'b' }, { a: long }]);
  });

  it.each([
    ['broken JSON', '{"a":1}\n\n{"a":\n{"a":2}\n', 3, /not valid JSON/],
    [
      'a JSON array on a line',
      '{"a":1}\n[1]\n',
      2,
      /found an array; a file that is one JSON array/,
    ],
    ['a bare number', '3\n{"a":1}\n', 1, /expected a JSON object per line, found a number/],
    ['a JSON document over several lines', '[\n{"a":1}\n]\n', 1, /one JSON document over several/],
    ['invalid UTF-8', Buffer.from('{"a":1}\n{"a":"\xff"}\n', 'latin1'), 2, /not valid UTF-8/],
  ])('names file, line and reason of %s', async (_, content, line, reason) => {
    const error: unknown = await load('a.jsonl', content).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(DataError);
    expect(error).toMatchObject({ line, file: expect.stringMatching(/a\.jsonl$/) });
    expect((error as DataError).message).toMatch(reason);
    expect((error as DataError).message).toContain(`a.jsonl:${line}: `);
  });

  it('counts bad rows and goes on when asked to', async () => {
    const content = '{"a":1}\nnot json\n[2]\n{"a":3}\n';
    const dataset = await load('a.jsonl', content, { skipBadRows: true });
    expect(dataset.badRows).toBe(2);
    expect(dataset.rows).toEqual([
      { index: 0, columns: { a: 1 } },
      { index: 1, columns: { a: 3 } },
    ]);
  });

  it('says what is wrong when every row is bad', async () => {
    await expect(load('a.jsonl', 'x\ny\n', { skipBadRows: true })).rejects.toThrow(
      /all 2 rows are bad; the first: .*a\.jsonl:1: not valid JSON/,
    );
  });

  it('names files of another encoding', async () => {
    const utf16 = Buffer.from('\ufeff{"a":1}\n', 'utf16le');
    await expect(load('a.jsonl', utf16)).rejects.toThrow('the file is UTF-16');
    await expect(load('a.jsonl', Buffer.of(0x1f, 0x8b, 8, 0))).rejects.toThrow(
      'compressed by gzip',
    );
  });

  it('stops reading at the limit, before a later bad row', async () => {
    expect(await rows('a.jsonl', '{"a":1}\n{"a":2}\nbad\n', { limit: 2 })).toHaveLength(2);
  });
});

describe('JSON', () => {
  it('reads an array of objects', async () => {
    expect(await rows('a.json', '\ufeff[{"a":1},\n {"a":"2"}]')).toEqual([{ a: 1 }, { a: '2' }]);
  });

  it('reads one object per line too, as many Hub files under .json are', async () => {
    expect(await rows('a.json', '{"a":1}\n{"a":2}\n')).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it('names an element that is no row, and a document that is no list', async () => {
    await expect(load('a.json', '[{"a":1}, 2]')).rejects.toThrow(
      'at place 1 of the array, found a number',
    );
    await expect(load('a.json', '{"data": [], "version": 1}')).rejects.toThrow(
      'expected a JSON array of objects, found an object with keys data, version',
    );
    await expect(load('a.json', '[{"a":1},')).rejects.toThrow('not valid JSON');
  });
});

describe('CSV', () => {
  it('reads quotes, line ends in quotes and a byte order mark as Python does', async () => {
    expect(await rowsOf(goldenFile('tricky.csv'))).toEqual(golden.csv);
  });

  it('names the line of a row with too few or too many values', async () => {
    const error: unknown = await load('a.csv', 'a,b\n1,2\n3\n4,5,6\n').catch((thrown) => thrown);
    expect(error).toMatchObject({ line: 3 });
    expect((error as Error).message).toContain('expected 2 values (a, b), found 1');
    const dataset = await load('a.csv', 'a,b\n1,2\n3\n4,5,6\n', { skipBadRows: true });
    expect([dataset.rows.length, dataset.badRows]).toEqual([1, 2]);
  });

  it('names a quote that is never closed', async () => {
    await expect(load('a.csv', 'a,b\n1,"2\n3,4\n')).rejects.toThrow(/Quote Not Closed/);
  });

  it('refuses a header that names a column twice or not at all', async () => {
    await expect(load('a.csv', 'a,b,a\n1,2,3\n')).rejects.toThrow('column "a" is named twice');
    await expect(load('a.csv', 'a,,c\n1,2,3\n')).rejects.toThrow('column 2 has no name');
  });

  it('names the line of invalid UTF-8', async () => {
    const content = Buffer.from('a\nb\n\xff\n', 'latin1');
    await expect(load('a.csv', content)).rejects.toThrow(/a\.csv:3: the line is not valid UTF-8/);
  });
});

describe('Parquet', () => {
  const expected = golden.parquet.map((row: { large: number }, index: number) =>
    // 2^53 + 1 does not fit a number, so it stays as decimal digits.
    index === 3 ? { ...row, large: '9007199254740993' } : row,
  );

  it.each(['none', 'snappy', 'gzip', 'zstd', 'lz4', 'brotli'])(
    'reads what pyarrow wrote with %s compression, over several row groups',
    async (codec) => {
      expect(await rowsOf(goldenFile(`${codec}.parquet`))).toEqual(expected);
    },
  );

  it('names a file that is no Parquet or only part of one', async () => {
    const content = readFileSync(goldenFile('zstd.parquet'));
    await expect(load('a.parquet', content.subarray(0, 3000))).rejects.toThrow(DataError);
    await expect(load('a.parquet', 'no')).rejects.toThrow(
      /a\.parquet: cannot read this Parquet file/,
    );
  });
});

describe('a folder', () => {
  const line = (value: unknown) => `${JSON.stringify({ a: value })}\n`;

  it.each([
    ['train.jsonl', 'test.jsonl'],
    ['gsm8k_train.jsonl', 'gsm8k_test.jsonl'],
    ['data/train-00000-of-00001.jsonl', 'data/test-00000-of-00001.jsonl'],
    ['train/part.jsonl', 'test/part.jsonl'],
    ['main/train.jsonl', 'main/eval.jsonl'],
  ])('%s is its train split and %s its test split', async (train, test) => {
    const folder = folderOf({
      [train]: line(1),
      [test]: line(2),
      'README.md': '',
      'config.json': '{}',
    });
    expect(await rowsOf(folder)).toEqual([{ a: 1 }]);
    expect(await rowsOf(folder, { split: 'test' })).toEqual([{ a: 2 }]);
  });

  it('reads the parts of a split in order, and misses one that is not there', async () => {
    const part = (index: number) => `train-0000${index}-of-00002.jsonl`;
    const both = folderOf({ [part(1)]: line(2), [part(0)]: line(1) });
    expect(await rowsOf(both)).toEqual([{ a: 1 }, { a: 2 }]);
    const one = folderOf({ [part(1)]: line(2) });
    await expect(loadDataset(one)).rejects.toThrow('part 0 of 2 is missing');
  });

  it('takes a single file of any name for train, but not one that is another split', async () => {
    expect(await rowsOf(folderOf({ 'all.jsonl': line(1) }))).toEqual([{ a: 1 }]);
    const onlyTest = folderOf({ 'test.jsonl': line(1) });
    await expect(loadDataset(onlyTest)).rejects.toThrow('no split "train"; there is test');
  });

  it('asks which one where two formats or configurations would do', async () => {
    const formats = folderOf({ 'train.jsonl': line(1), 'train.csv': 'a\n1\n' });
    await expect(loadDataset(formats)).rejects.toThrow(ConfigError);
    const configs = folderOf({ 'one/train.jsonl': line(1), 'two/train.jsonl': line(2) });
    await expect(loadDataset(configs)).rejects.toThrow('several configurations');
    expect(await rowsOf(configs, { config: 'two' })).toEqual([{ a: 2 }]);
  });

  it('says when it holds no data', async () => {
    await expect(loadDataset(folderOf({ 'notes.txt': '' }))).rejects.toThrow(
      /no data file \(\.jsonl, \.json, \.csv, \.parquet\) among: notes\.txt/,
    );
  });
});

describe('a name', () => {
  const data = folderOf({ 'gsm8k/train.jsonl': '{"a":1}\n', 'org/words/train.jsonl': '{"a":2}\n' });
  const other = folderOf({ 'train.jsonl': '{"a":3}\n' });
  const LAUREL_DATA = ['/nonexistent', data, `my/set=${other}`].join(delimiter);
  const environment = { ...offline, LAUREL_DATA };

  it('is found in LAUREL_DATA in full, by its last part, or by an entry of its own', async () => {
    expect(await rowsOf('openai/gsm8k', { environment })).toEqual([{ a: 1 }]);
    expect(await rowsOf('org/words', { environment })).toEqual([{ a: 2 }]);
    expect(await rowsOf('my/set', { environment })).toEqual([{ a: 3 }]);
  });

  it('that is a path to no file is said to be missing', async () => {
    await expect(loadDataset('./rows/train.jsonl')).rejects.toThrow(
      './rows/train.jsonl: no such file or folder',
    );
    await expect(loadDataset('train.jsonl')).rejects.toThrow('no such file or folder');
  });

  it('that is nowhere is said to be nowhere', async () => {
    await expect(loadDataset('some/thing', { environment })).rejects.toThrow(
      /some\/thing.*not in the cache.*LAUREL_DATA is/,
    );
  });
});

describe('a dataset', () => {
  it('without rows is an error', async () => {
    await expect(load('a.jsonl', '')).rejects.toThrow(/has no rows/);
    await expect(load('a.json', '[]')).rejects.toThrow(/has no rows/);
    await expect(load('a.csv', 'a,b\n')).rejects.toThrow(/has no rows/);
  });

  it('of an unknown ending is an error that lists the known ones', async () => {
    await expect(load('a.xlsx', 'x')).rejects.toThrow(/ending "xlsx"; readable are \.jsonl/);
  });

  it('has a fingerprint that any change of any value changes', async () => {
    const print = async (content: string) => (await load('a.jsonl', content)).fingerprint;
    const first = await print('{"a":1}\n{"a":2}\n');
    expect(await print('{"a": 1}\r\n{"a": 2}')).toBe(first);
    expect(await print('{"a":1}\n{"a":3}\n')).not.toBe(first);
    expect(await print('{"a":2}\n{"a":1}\n')).not.toBe(first);
    expect(await print('{"a":1}\n{"a":"2"}\n')).not.toBe(first);
  });
});
