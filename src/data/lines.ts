import { createReadStream } from 'node:fs';

/** One line of a file without its end (`\n` or `\r\n`). */
export interface Line {
  /** From 1. */
  readonly number: number;
  readonly bytes: Buffer;
  /** The line is longer than the limit and its bytes are left out. */
  readonly tooLong: boolean;
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Gathers the pieces of one line, letting go of them past the limit. */
class LineBuffer {
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  add(piece: Buffer): void {
    this.#length += piece.length;
    if (this.#length > this.#maxBytes) this.#pieces = [];
    else this.#pieces.push(piece);
  }

  take(number: number): Line {
    const tooLong = this.#length > this.#maxBytes;
    let bytes = Buffer.concat(this.#pieces);
    if (bytes.at(-1) === CARRIAGE_RETURN) bytes = bytes.subarray(0, -1);
    this.#pieces = [];
    this.#length = 0;
    return { number, bytes, tooLong };
  }
}

/** Reads a file line by line, as bytes; a last line needs no line end. */
export async function* readLines(
  file: string,
  { maxLineBytes = 64 * 2 ** 20 }: { maxLineBytes?: number } = {},
): AsyncGenerator<Line> {
  const buffer = new LineBuffer(maxLineBytes);
  let number = 1;
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 })) {
    let rest = chunk as Buffer;
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
      buffer.add(rest.subarray(0, end));
      yield buffer.take(number++);
      rest = rest.subarray(end + 1);
    }
    if (rest.length > 0) buffer.add(rest);
  }
  if (!buffer.isEmpty) yield buffer.take(number);
}
