import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { checkPage, type PageColumn } from './check-parquet-page.ts';
import { CompactReader } from './compact-thrift.ts';
import { ParquetBudget } from './parquet-budget.ts';
import { boundedCompressors } from './parquet-compressors.ts';
import { readParquet } from './read-parquet.ts';

const struct = (...bytes: number[]) => new CompactReader(Uint8Array.from(bytes)).struct();

describe('headers in the compact protocol', () => {
  test('fields, negative numbers, texts and lists are read', () => {
    // Field 1, i32: zigzag 3 = −2. Field 2, binary of 2. Field 3, list of two i32: 1, −1. Field 4 is true. Stop.
    const fields = struct(0x15, 3, 0x18, 2, 104, 105, 0x19, 0x25, 2, 1, 0x11, 0);
    expect(fields.get(1)).toBe(-2);
    expect(Buffer.from(fields.get(2) as Uint8Array).toString()).toBe('hi');
    expect(fields.get(3)).toEqual([1, -1]);
    expect(fields.get(4)).toBe(true);
  });

  test('what the bytes do not hold is refused before room is made for it', () => {
    // A list of 2³¹ − 1 (varint of five bytes), a text of 2³¹ − 1, a varint without end, structures without end.
    const most = [0xff, 0xff, 0xff, 0xff, 0x07];
    expect(() => struct(0x19, 0xf5, ...most)).toThrow(/a list of 2147483647 in a header where 0/);
    expect(() => struct(0x18, ...most)).toThrow(/a text of 2147483647 bytes/);
    expect(() => struct(0x15, ...Array<number>(20).fill(0xff))).toThrow(/longer than 10 bytes/);
    expect(() => struct(...Array<number>(100).fill(0x1c))).toThrow(/more than 32 deep/);
    expect(() => struct(0x15)).toThrow(/cut off/);
  });
});

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
const field = (value: number): number[] => [0x15, ...varint(2 * value)];

/** A data page of the first version: type 0, sizes, and values with an encoding. */
const dataPage = (
  values: number,
  encoding: number,
  content: readonly number[],
  unpacked?: number,
) =>
  Uint8Array.from([
    ...field(0),
    ...field(unpacked ?? content.length),
    ...field(content.length),
    // Field 5, a structure: values, encoding, stop; then the header's stop.
    ...[0x2c, ...field(values), ...field(encoding), 0, 0],
    ...content,
  ]);

const column: PageColumn = {
  type: 'BYTE_ARRAY',
  codec: 'UNCOMPRESSED',
  typeLength: 0,
  maxRepetition: 0,
  maxDefinition: 0,
  flatRows: 8,
};

const check = (bytes: Uint8Array, changes: Partial<PageColumn> = {}, fileBytes = 1000) =>
  checkPage(new CompactReader(bytes), { ...column, ...changes }, new ParquetBudget(fileBytes));

describe('pages', () => {
  test('a run of as many indices as there are values passes, a longer one does not', () => {
    // Bit width 1, then a run: its length doubled, and the value in one byte.
    expect(check(dataPage(8, 8, [1, ...varint(2 * 8), 0]))).toBe(8);
    expect(() => check(dataPage(8, 8, [1, ...varint(2 * 2 ** 30), 0]))).toThrow(
      /a run of 1073741824 values where 8 are left/,
    );
  });

  test('plain values take the bytes they claim', () => {
    const empty = [0, 0, 0, 0];
    expect(check(dataPage(2, 0, [...empty, ...empty]))).toBe(2);
    expect(() => check(dataPage(3, 0, [...empty, ...empty]))).toThrow(/3 values of 32 bits/);
  });

  test('texts that repeat more of the one before than there is are refused', () => {
    // Lengths as differences: blocks of 128 in 4 parts, count, first value (zigzag); a second value in a block.
    const lengths = (first: number) => [128, 1, 4, 1, ...varint(2 * first)];
    expect(check(dataPage(1, 7, [...lengths(0), ...lengths(3), 97, 98, 99]))).toBe(1);
    expect(() => check(dataPage(1, 7, [...lengths(5), ...lengths(3), 97, 98, 99]))).toThrow(
      /repeats 5 bytes of one of 0/,
    );
  });

  test('a file of 1,000 bytes may unpack to 1 MiB + 1,024,000 and hold 129,536 values', () => {
    // 64 · (1,024 + 1,000) = 129,536
    expect(() => check(dataPage(129_537, 0, []))).toThrow(/smaller row groups or as JSONL/);
    const tooLarge = 2 ** 20 + 1024 * 1000 + 1;
    expect(() => check(dataPage(1, 0, [], tooLarge))).toThrow(/2072577 more unpacked bytes/);
  });
});

test('a Zstandard frame that claims or repeats more than its page is refused', () => {
  const zstd = boundedCompressors.ZSTD!;
  const magic = [0x28, 0xb5, 0x2f, 0xfd];
  // A single segment of 3 bytes with one last raw block of 3: header (3 << 3) | 1.
  const raw = Uint8Array.from([...magic, 0x20, 3, (3 << 3) | 1, 0, 0, 97, 98, 99]);
  expect(Buffer.from(zstd(raw, 3)).toString()).toBe('abc');
  expect(() => zstd(raw, 4)).toThrow(/does not unpack to the 4 bytes declared/);
  // A window of 1 KiB, no size, and one last block that repeats a byte 2²⁰ times: type 1.
  const block = ((2 ** 20) << 3) | (1 << 1) | 1;
  const bomb = Uint8Array.from([...magic, 0, 0, block & 255, (block >> 8) & 255, block >> 16, 7]);
  expect(() => zstd(bomb, 100)).toThrow(/unpacks to more than the 100 bytes declared/);
});

test('a file that is no Parquet file is refused by name', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'laurel-parquet-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'a.parquet');
  writeFileSync(
    file,
    Buffer.concat([Buffer.alloc(20), Buffer.from([255, 255, 0, 0]), Buffer.from('PAR1')]),
  );
  await expect(readParquet(file).next()).rejects.toThrow(
    /a\.parquet: cannot read this Parquet file: its footer claims 65535 bytes, and the file has 28/,
  );
});
