import type { Arbitrary } from 'fast-check';

/** A reader under test: valid inputs, what mutations are made of, and how a file of it is read to its end. */
export interface FuzzTarget {
  readonly name: string;
  /** Name of the mutated file; it lies in a folder of its own. */
  readonly file: string;
  /** Further files of the folder. */
  readonly companions?: Readonly<Record<string, string>>;
  /** What a message may name instead of the file. */
  readonly alsoNamed?: string;
  /** Valid inputs. */
  readonly seeds: readonly Buffer[];
  /** Words of the format, which mutations insert. */
  readonly words: readonly string[];
  /** Inputs that have the format's structure and arbitrary content. */
  readonly structured: Arbitrary<Buffer>;
  /** Reads the file at a path; what it yields or throws is checked by the caller. */
  readonly read: (path: string) => Promise<void>;
  /** Bytes that the reader may hold for a file of `sizeBytes` bytes, besides `MEMORY_SLACK`. */
  readonly memoryBound?: (sizeBytes: number) => number;
}

export const textSeeds = (...texts: readonly string[]): Buffer[] =>
  texts.map((text) => Buffer.from(text, 'utf8'));
