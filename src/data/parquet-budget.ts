import { DataError } from '../errors.ts';

const MEBIBYTE = 2 ** 20;
const KIBI = 2 ** 10;
/** No buffer may be larger. */
const MOST_BYTES = 2 ** 31;

/**
 * What one row group of a file may declare, so that a few wrong bytes cannot ask for gigabytes: unpacked, 1 MiB and
 * 1,024 bytes for each byte of the file, 2 GiB at most; 65,536 values and 64 for each byte of the file, over all columns.
 */
export class ParquetBudget {
  #bytes: number;
  #values: number;

  constructor(fileBytes: number) {
    this.#bytes = Math.min(MOST_BYTES, MEBIBYTE + KIBI * fileBytes);
    this.#values = 64 * (KIBI + fileBytes);
  }

  /** @throws DataError when the row group has declared too many bytes. */
  takeBytes(count: number): void {
    this.#bytes -= this.#counted('bytes', count);
    if (this.#bytes < 0) this.#refuse(`${count} more unpacked bytes`);
  }

  takeValues(count: number): void {
    this.#values -= this.#counted('values', count);
    if (this.#values < 0) this.#refuse(`${count} more values`);
  }

  #counted(what: string, count: number): number {
    if (Number.isSafeInteger(count) && count >= 0) return count;
    throw new DataError(`a page declares ${count} ${what}`);
  }

  #refuse(found: string): never {
    throw new DataError(
      `a row group declares ${found}, too many for a file of this size; if the file is right, write it with smaller row groups or as JSONL`,
    );
  }
}
