import { resolve } from 'node:path';
import { CheckpointError } from '../errors.ts';
import { callTensor } from './call-tensor.ts';
import { empty } from './create.ts';
import { type DType, dtypeBytes, dtypeCode } from './dtype.ts';
import { readSafetensorsHeader, type SafetensorsEntry } from './safetensors-header.ts';
import { keep, tidy } from './scope.ts';
import type { Tensor } from './tensor.ts';

/**
 * A safetensors file, open for reading; its tensors are views of the file, mapped into memory on first use.
 * The file must only ever be replaced by renaming another over it: cutting it short under a mapping is fatal.
 */
export class SafetensorsFile {
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  readonly #fileBytes: number;
  #mapping: Tensor | undefined;

  constructor(path: string) {
    const { entries, metadata, fileBytes } = readSafetensorsHeader(path);
    this.path = path;
    this.entries = entries;
    this.metadata = metadata;
    this.#fileBytes = fileBytes;
  }

  get names(): string[] {
    return [...this.entries.keys()];
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  entry(name: string): SafetensorsEntry {
    const entry = this.entries.get(name);
    if (entry === undefined) {
      throw new CheckpointError(
        `${this.path}: has no tensor '${name}', it has ${listSome(this.names)}`,
      );
    }
    return entry;
  }

  dtype(name: string): DType {
    return this.entry(name).dtype;
  }

  shape(name: string): readonly number[] {
    return this.entry(name).shape;
  }

  /**
   * The named tensor: a view of the file's pages where its position is a multiple of its element size, else a copy.
   * Writing to it changes the memory, never the file.
   */
  tensor(name: string): Tensor {
    const { dtype, shape, start, sizeBytes } = this.entry(name);
    if (sizeBytes === 0) return empty(shape, { dtype });
    this.#mapping ??= keep(this.#map());
    const mapping = this.#mapping;
    return tidy(() => {
      const bytes = mapping.narrow(0, start, sizeBytes);
      // A byte other than 0 and 1 is no bool that libtorch could compute with.
      if (dtype === 'bool') return bytes.ne(0).view(shape);
      const aligned = start % dtypeBytes(dtype) === 0 ? bytes : bytes.clone();
      return callTensor('aten::view.dtype', aligned, dtypeCode(dtype)).view(shape);
    });
  }

  #map(): Tensor {
    const path = resolve(this.path);
    return callTensor(
      'aten::from_file',
      path,
      false,
      this.#fileBytes,
      dtypeCode('uint8'),
      undefined,
      undefined,
      undefined,
    );
  }
}

function listSome(names: readonly string[]): string {
  const shown = names.slice(0, 5).map((name) => `'${name}'`);
  return `${shown.join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`;
}

/**
 * Opens a safetensors file: header and layout are checked, no tensor is read yet.
 * @throws CheckpointError when the file is missing, truncated or malformed.
 */
export const readSafetensors = (file: string): SafetensorsFile => new SafetensorsFile(file);
