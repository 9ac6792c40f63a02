import { DataError } from '../errors.ts';

/** What Parquet's headers are made of; integers beyond 2⁵³ are rounded. */
export type ThriftValue = number | boolean | Uint8Array | ThriftStruct | readonly ThriftValue[];

/** Fields by their number. */
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;

const MOST_DEPTH = 32;
const MOST_VARINT_BYTES = 10;

/**
 * Reads Thrift's compact protocol, refusing lengths that the bytes do not hold before anything is made of them.
 * Apache Thrift, "Thrift Compact protocol encoding".
 */
export class CompactReader {
  readonly bytes: Uint8Array;
  offset: number;

  constructor(bytes: Uint8Array, offset = 0) {
    this.bytes = bytes;
    this.offset = offset;
  }

  get left(): number {
    return this.bytes.length - this.offset;
  }

  byte(): number {
    const byte = this.bytes[this.offset++];
    if (byte === undefined) throw new DataError('a header is cut off');
    return byte;
  }

  varint(): number {
    let [value, scale] = [0, 1];
    for (let count = 0; count < MOST_VARINT_BYTES; count++, scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new DataError(`a number in a header is longer than ${MOST_VARINT_BYTES} bytes`);
  }

  struct(depth = 0): ThriftStruct {
    if (depth > MOST_DEPTH) throw new DataError(`a header is nested more than ${MOST_DEPTH} deep`);
    const fields = new Map<number, ThriftValue>();
    for (let id = 0; ; ) {
      const head = this.byte();
      const type = head & 0x0f;
      if (type === 0) return fields;
      id = head >> 4 === 0 ? this.#zigzag() : id + (head >> 4);
      // A field's type says whether it is true (1) or false (2).
      fields.set(id, type <= 2 ? type === 1 : this.#value(type, depth));
    }
  }

  #zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #value(type: number, depth: number): ThriftValue {
    switch (type) {
      case 1:
      case 2:
        return this.byte() === 1;
      case 3:
        return (this.byte() << 24) >> 24;
      case 4:
      case 5:
      case 6:
        return this.#zigzag();
      case 7:
        return this.#double();
      case 8:
        return this.#take(this.varint());
      case 9:
        return this.#list(depth);
      case 12:
        return this.struct(depth + 1);
      default:
        throw new DataError(`a header has a value of type ${type}, which Parquet does not use`);
    }
  }

  #take(length: number): Uint8Array {
    if (length > this.left) {
      throw new DataError(`a text of ${length} bytes in a header where ${this.left} are left`);
    }
    this.offset += length;
    return this.bytes.subarray(this.offset - length, this.offset);
  }

  #double(): number {
    const taken = this.#take(8);
    return new DataView(taken.buffer, taken.byteOffset, 8).getFloat64(0, true);
  }

  #list(depth: number): ThriftValue[] {
    if (depth > MOST_DEPTH) throw new DataError(`a header is nested more than ${MOST_DEPTH} deep`);
    const head = this.byte();
    const length = head >> 4 === 15 ? this.varint() : head >> 4;
    if (length > this.left) {
      throw new DataError(`a list of ${length} in a header where ${this.left} bytes are left`);
    }
    return Array.from({ length }, () => this.#value(head & 0x0f, depth + 1));
  }
}
