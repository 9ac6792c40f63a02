import type { ColumnMetaData } from 'hyparquet';
import { deltaBinaryUnpack } from 'hyparquet/src/delta.js';
import { DataError } from '../errors.ts';
import { CompactReader, type ThriftStruct } from './compact-thrift.ts';
import type { ParquetBudget } from './parquet-budget.ts';
import { boundedCompressors } from './parquet-compressors.ts';

/** What of a column decides how its pages are laid out. */
export interface PageColumn {
  readonly type: ColumnMetaData['type'];
  readonly codec: ColumnMetaData['codec'];
  readonly typeLength: number;
  readonly maxRepetition: number;
  readonly maxDefinition: number;
  /** Rows of a column without nesting; undefined for the others. */
  readonly flatRows: number | undefined;
}

const pageType = { data: 0, dictionary: 2, dataV2: 3 };
const encoding = { plain: 0, plainDictionary: 2, rle: 3, delta: 5, deltaLength: 6, deltaBytes: 7 };
const furtherEncoding = { dictionary: 8, split: 9 };
/** Writers round the last bit-packed run up; the longest seen is 504 values. */
const RUN_SLACK = 512;
const MOST_MINIBLOCKS = 2 ** 12;

const bitsFor = (most: number): number => 32 - Math.clz32(most);

const numberAt = (fields: ThriftStruct | undefined, id: number): number => {
  const value = fields?.get(id);
  if (typeof value === 'number') return value;
  throw new DataError('a page header misses a number it must have');
};

const structAt = (fields: ThriftStruct, id: number): ThriftStruct | undefined => {
  const value = fields.get(id);
  return value instanceof Map ? value : undefined;
};

/** Values that a page holds, and its place in the reader. */
interface Page {
  readonly column: PageColumn;
  readonly header: ThriftStruct;
  readonly unpackedBytes: number;
  readonly bytes: Uint8Array;
  readonly budget: ParquetBudget;
}

/** Checks the page a reader stands at, and moves past it. @returns how many values it declares. */
export function checkPage(
  reader: CompactReader,
  column: PageColumn,
  budget: ParquetBudget,
): number {
  const header = reader.struct();
  const [unpackedBytes, packedBytes] = [numberAt(header, 2), numberAt(header, 3)];
  if (packedBytes < 0 || packedBytes > reader.left) {
    throw new DataError(`a page claims ${packedBytes} bytes where ${reader.left} are left`);
  }
  budget.takeBytes(unpackedBytes);
  const bytes = reader.bytes.subarray(reader.offset, reader.offset + packedBytes);
  reader.offset += packedBytes;
  const page = { column, header, unpackedBytes, bytes, budget };
  switch (numberAt(header, 1)) {
    case pageType.data:
      return checkDataPage(page);
    case pageType.dataV2:
      return checkDataPageV2(page);
    case pageType.dictionary:
      return checkDictionary(page);
    default:
      return 0;
  }
}

function unpack({ column: { codec }, unpackedBytes }: Page, bytes: Uint8Array): CompactReader {
  if (codec === 'UNCOMPRESSED') return new CompactReader(bytes);
  const decompress = boundedCompressors[codec];
  if (decompress === undefined) throw new DataError(`the codec ${codec} is not supported`);
  return new CompactReader(decompress(bytes, unpackedBytes));
}

function checkDictionary(page: Page): number {
  const values = numberAt(structAt(page.header, 7), 1);
  page.budget.takeValues(values);
  checkPlain(unpack(page, page.bytes), page.column, values);
  return 0;
}

function checkDataPage(page: Page): number {
  const { column, budget } = page;
  const header = structAt(page.header, 5);
  const values = numberAt(header, 1);
  budget.takeValues(values);
  const reader = unpack(page, page.bytes);
  if (column.maxRepetition > 0) checkLevels(reader, column.maxRepetition, values);
  // Nulls take no value; how many there are is left to the library, and the runs are bounded by all values.
  if (column.maxDefinition > 0) checkLevels(reader, column.maxDefinition, values);
  checkValues(reader, page, numberAt(header, 2), {
    values,
    mayHaveNulls: column.maxDefinition > 0,
  });
  return values;
}

function checkDataPageV2(page: Page): number {
  const { column, budget, bytes } = page;
  const header = structAt(page.header, 8);
  const values = numberAt(header, 1);
  const nulls = numberAt(header, 2);
  const [definitionBytes, repetitionBytes] = [numberAt(header, 5), numberAt(header, 6)];
  budget.takeValues(values);
  if (nulls < 0 || nulls > values || definitionBytes < 0 || repetitionBytes < 0)
    throw new DataError(`a page declares ${nulls} nulls among ${values} values`);
  const levels = new CompactReader(bytes);
  if (column.maxRepetition > 0) checkRuns(levels, bitsFor(column.maxRepetition), values);
  levels.offset = repetitionBytes;
  if (column.maxDefinition > 0) {
    checkRuns(levels, bitsFor(column.maxDefinition), values);
    levels.offset = repetitionBytes + definitionBytes;
  }
  if (levels.left < 0) throw new DataError('the levels of a page reach past its end');
  const packed = bytes.subarray(levels.offset);
  const unpackedBytes = page.unpackedBytes - definitionBytes - repetitionBytes;
  const reader =
    header?.get(7) === false
      ? new CompactReader(packed)
      : unpack({ ...page, unpackedBytes: Math.max(0, unpackedBytes) }, packed);
  checkValues(reader, page, numberAt(header, 4), { values: values - nulls, mayHaveNulls: false });
  return values;
}

/** Levels of the first page version: their length, then runs. */
function checkLevels(reader: CompactReader, most: number, values: number): void {
  const start = reader.offset + 4;
  if (reader.left < 4) throw new DataError('a page ends within its levels');
  const length = new DataView(reader.bytes.buffer, reader.bytes.byteOffset).getUint32(
    reader.offset,
    true,
  );
  reader.offset = start;
  checkRuns(reader, bitsFor(most), values);
  if (length > reader.bytes.length - start) throw new DataError('levels reach past their page');
  reader.offset = start + length;
}

/** Runs of the hybrid encoding may not go on past the values there are: the library writes as many as a run says. */
function checkRuns(reader: CompactReader, bitWidth: number, values: number): void {
  if (bitWidth > 32) throw new DataError(`values of ${bitWidth} bits, of at most 32`);
  for (let seen = 0; seen < values; ) {
    const header = reader.varint();
    const isPacked = header % 2 === 1;
    const count = isPacked ? ((header - 1) / 2) * 8 : header / 2;
    if (count > values - seen + RUN_SLACK) {
      throw new DataError(`a run of ${count} values where ${values - seen} are left`);
    }
    const bytes = isPacked ? Math.ceil((Math.min(count, values - seen) * bitWidth) / 8) : 0;
    reader.offset += isPacked ? Math.max(bytes, 0) : (bitWidth + 7) >> 3;
    // The library also reads the padding of a bit-packed run, unless it is the last.
    if (isPacked && count <= values - seen) reader.offset += (count * bitWidth) / 8 - bytes;
    if (reader.left < 0) throw new DataError('a run reaches past its page');
    seen += count;
  }
}

interface Values {
  readonly values: number;
  /** Whether there may be fewer. */
  readonly mayHaveNulls: boolean;
}

function checkValues(reader: CompactReader, page: Page, coding: number, counted: Values): void {
  const { column, budget } = page;
  const { values, mayHaveNulls } = counted;
  if (values === 0) return;
  switch (coding) {
    case encoding.plain:
      // Without the number of nulls, what is too little cannot be told; the library's views then fail by themselves.
      if (!mayHaveNulls) checkPlain(reader, column, values);
      return;
    case encoding.plainDictionary:
    case furtherEncoding.dictionary:
    case encoding.rle:
      checkIndices(reader, column, coding, counted);
      return;
    case encoding.delta:
    case encoding.deltaLength:
      checkDelta(reader, values);
      return;
    case encoding.deltaBytes:
      checkPrefixes(reader, values, budget);
      return;
    default:
  }
}

/** Dictionary indices and booleans. With nulls the number of values is not known, and no run may exceed all of them. */
function checkIndices(
  reader: CompactReader,
  { type }: PageColumn,
  coding: number,
  { values, mayHaveNulls }: Values,
): void {
  const isBoolean = type === 'BOOLEAN' || coding === encoding.rle;
  if (isBoolean) reader.offset += 4;
  const bitWidth = isBoolean ? 1 : reader.left > 0 ? reader.byte() : 0;
  if (reader.left <= 0) return;
  if (!mayHaveNulls) {
    checkRuns(reader, bitWidth, values);
    return;
  }
  if (bitWidth > 32) throw new DataError(`indices of ${bitWidth} bits, of at most 32`);
  for (let seen = 0; seen < values && reader.left > 0; ) {
    const header = reader.varint();
    const isPacked = header % 2 === 1;
    const count = isPacked ? ((header - 1) / 2) * 8 : header / 2;
    if (count > values + RUN_SLACK)
      throw new DataError(`a run of ${count} values in a page of ${values}`);
    reader.offset += isPacked ? (count * bitWidth) / 8 : (bitWidth + 7) >> 3;
    seen += count;
  }
}

const plainBits: Readonly<Record<string, number>> = {
  BOOLEAN: 1,
  INT32: 32,
  FLOAT: 32,
  INT64: 64,
  DOUBLE: 64,
  INT96: 96,
  BYTE_ARRAY: 32,
};

function checkPlain(reader: CompactReader, { type, typeLength }: PageColumn, values: number): void {
  const bits = plainBits[type] ?? 8 * Math.max(1, typeLength);
  if ((values * bits) / 8 > reader.left) {
    throw new DataError(
      `${values} values of ${bits} bits in a page with ${reader.left} bytes left`,
    );
  }
}

/** Blocks of differences: a header of small numbers, then miniblocks. */
function checkDelta(reader: CompactReader, values: number): void {
  const [blockSize, miniblocks] = [reader.varint(), reader.varint()];
  reader.varint();
  reader.varint();
  const perMiniblock = blockSize / miniblocks;
  if (miniblocks < 1 || miniblocks > MOST_MINIBLOCKS || perMiniblock % 32 !== 0 || blockSize < 1) {
    throw new DataError(`blocks of ${blockSize} differences in ${miniblocks} parts`);
  }
  for (let seen = 1; seen < values; seen += blockSize) {
    reader.varint();
    const widths = Array.from({ length: miniblocks }, () => reader.byte());
    const used = Math.ceil(Math.min(blockSize, values - seen) / perMiniblock);
    for (const width of widths.slice(0, used)) reader.offset += (perMiniblock * width) / 8;
  }
}

/** Each text repeats a part of the one before it, so that few bytes can stand for many. */
function checkPrefixes(reader: CompactReader, values: number, budget: ParquetBudget): void {
  const lengths = () => {
    checkDelta(new CompactReader(reader.bytes, reader.offset), values);
    const found = new Int32Array(values);
    const view = new DataView(reader.bytes.buffer, reader.bytes.byteOffset, reader.bytes.length);
    const at = { view, offset: reader.offset };
    deltaBinaryUnpack(at, values, found);
    reader.offset = at.offset;
    return found;
  };
  const [prefixes, suffixes] = [lengths(), lengths()];
  let before = 0;
  for (const [index, prefix] of prefixes.entries()) {
    const suffix = suffixes[index]!;
    if (prefix < 0 || suffix < 0 || prefix > before)
      throw new DataError(`a text repeats ${prefix} bytes of one of ${before}`);
    before = prefix + suffix;
    budget.takeBytes(before);
  }
}
