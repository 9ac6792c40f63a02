import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { readCsv } from '../../src/data/read-csv.ts';
import { readJsonl } from '../../src/data/read-jsonl.ts';
import { readParquet } from '../../src/data/read-parquet.ts';
import type { RowReader } from '../../src/data/row-result.ts';
import { DataError } from '../../src/errors.ts';
import { type FuzzTarget, textSeeds } from './target.ts';

const golden = (name: string): Buffer =>
  readFileSync(new URL(`../golden/${name}`, import.meta.url));

/** Reads all rows; a row is columns or a DataError, and its columns can be printed. */
const readAll = (reader: RowReader) => async (path: string) => {
  for await (const { columns, error } of reader(path)) {
    if (columns === undefined && !(error instanceof DataError))
      throw new TypeError('a bad row is no DataError');
    if (columns !== undefined) JSON.stringify(columns);
  }
};

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));
const lines = (line: fc.Arbitrary<string>, end: fc.Arbitrary<string>): fc.Arbitrary<Buffer> =>
  fc
    .array(fc.tuple(line, end), { maxLength: 30 })
    .map((parts) => Buffer.from(parts.flat().join(''), 'utf8'));

const row = fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 3 }), {
  maxKeys: 6,
});

export const jsonlTarget: FuzzTarget = {
  name: 'jsonl',
  file: 'rows.jsonl',
  seeds: textSeeds(
    '{"prompt":"1+1=","completion":"2"}\n{"prompt":"größe","n":[1,2.5,-3e2,null,true]}\n',
    '{"messages":[{"role":"user","content":"a\\nb\\u00e9\\ud83d\\ude00"}],"x":{}}\r\n\r\n{"y":"z"}',
    `\ufeff${JSON.stringify({ text: 'long '.repeat(400) })}\n`,
  ),
  words: [
    '{',
    '}',
    '[',
    ']',
    '"',
    '\\u',
    '\\ud800',
    'null',
    'NaN',
    '\n',
    '\r',
    '\u2028',
    '__proto__',
  ],
  structured: lines(
    fc.oneof(
      row.map((value) => JSON.stringify(value)),
      fc.json(),
      text,
    ),
    fc.constantFrom('\n', '\r\n', '\n\n', ''),
  ),
  read: readAll(readJsonl),
};

const cell = fc.oneof(
  text,
  text.map((value) => `"${value.replaceAll('"', '""')}"`),
  fc.constantFrom('', '"', '""', '"a\nb"', ' x '),
);

export const csvTarget: FuzzTarget = {
  name: 'csv',
  file: 'rows.csv',
  seeds: [
    golden('data/tricky.csv'),
    ...textSeeds(
      'prompt,completion\n1+1=,2\n"a, ""b""","c\nd"\n',
      `a,b,c\r\n${'1,2,3\r\n'.repeat(200)}`,
      `\ufefftext\n"${'long '.repeat(400)}"\n`,
    ),
  ],
  words: [',', '"', '""', '\n', '\r\n', '\r', ';', '\t', '\0', '"\n', '","'],
  structured: lines(
    fc.array(cell, { maxLength: 8 }).map((cells) => cells.join(',')),
    fc.constantFrom('\n', '\r\n', '\r', '\n\n'),
  ),
  read: readAll(readCsv),
};

const parquetSeeds = [
  ...['brotli', 'gzip', 'lz4', 'none', 'snappy', 'zstd'].map((name) => `data/${name}.parquet`),
  ...['delta', 'nested', 'nulls', 'plain'].map((name) => `fuzz/${name}.parquet`),
].map(golden);

/** Bytes set in the last part of a file, where the footer is, or anywhere. */
const footerEdits = fc
  .tuple(
    fc.nat(parquetSeeds.length - 1),
    fc.array(fc.tuple(fc.boolean(), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255)), {
      minLength: 1,
      maxLength: 6,
    }),
  )
  .map(([seed, edits]) => {
    const bytes = Buffer.from(parquetSeeds[seed]!);
    const footer = bytes.readUInt32LE(bytes.length - 8) + 8;
    for (const [isFooter, place, byte] of edits) {
      const range = isFooter ? footer : bytes.length;
      bytes[bytes.length - 1 - Math.floor(place * (range - 1))] = byte;
    }
    return bytes;
  });

export const parquetTarget: FuzzTarget = {
  name: 'parquet',
  file: 'rows.parquet',
  seeds: parquetSeeds,
  words: ['PAR1', '\0\0\0\0', '\u0015\u0000', '\u0019\u001c', '\u00ff\u00ff\u00ff\u00ff'],
  structured: footerEdits,
  read: readAll(readParquet),
};
