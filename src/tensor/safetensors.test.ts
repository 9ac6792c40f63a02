import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { CheckpointError } from '../errors.ts';
import {
  type DType,
  readSafetensors,
  readSafetensorsFolder,
  replaceFile,
  type Tensor,
  tensor,
  tidy,
  writeSafetensors,
  writeSafetensorsFolder,
} from './index.ts';

const golden = (name: string) =>
  fileURLToPath(new URL(`../../test/golden/models/${name}`, import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'laurel-safetensors-'));
afterAll(() => rmSync(scratch, { recursive: true }));
const at = (name: string) => join(scratch, name);

/** What make_safetensors.py wrote. */
const written: Record<string, [dtype: DType, shape: number[], values: number[]]> = {
  float64: ['float64', [2, 2], [0.5, -1.25, 3, 1e300]],
  float32: ['float32', [3], [1.5, -2, 3.25]],
  float16: ['float16', [2], [1.5, -2]],
  bfloat16: ['bfloat16', [3], [1.5, -2, 256]],
  int64: ['int64', [2], [2 ** 40, -1]],
  int32: ['int32', [2, 1], [7, -8]],
  int16: ['int16', [2], [300, -300]],
  int8: ['int8', [2], [-128, 127]],
  uint8: ['uint8', [2], [0, 255]],
  bool: ['bool', [3], [1, 0, 1]],
  scalar: ['float32', [], [2.5]],
  empty: ['float32', [0, 3], []],
  größe: ['float32', [1], [1]],
};

const describeTensor = (x: Tensor) => [x.dtype, [...x.shape], x.toArray()];

describe('reading', () => {
  it('gives what Python wrote, in every dtype', () => {
    const file = readSafetensors(golden('dtypes.safetensors'));
    expect(file.metadata).toEqual({ source: 'python' });
    expect(new Set(file.names)).toEqual(new Set(Object.keys(written)));
    for (const [name, value] of Object.entries(written)) {
      expect(describeTensor(file.tensor(name)), name).toEqual(value);
    }
  });

  it('copies a tensor that does not start at a multiple of its element size', () => {
    const file = readSafetensors(golden('misaligned.safetensors'));
    expect(file.tensor('first').toArray()).toEqual([5]);
    expect(file.tensor('second').toArray()).toEqual([1.5, -2.5]);
  });

  it('changes memory, never the file, when a tensor is written to', () => {
    writeSafetensors(at('private'), new Map([['x', tensor([1, 2])]]));
    readSafetensors(at('private')).tensor('x').fill_(9);
    expect(readSafetensors(at('private')).tensor('x').toArray()).toEqual([1, 2]);
  });

  it('keeps a tensor readable outside the scope that mapped the file, and after the file is replaced', () => {
    writeSafetensors(at('kept'), new Map([['x', tensor([1, 2])]]));
    const file = readSafetensors(at('kept'));
    const x = tidy(() => file.tensor('x'));
    writeSafetensors(at('kept'), new Map([['x', tensor([3])]]));
    expect(x.toArray()).toEqual([1, 2]);
    expect(file.tensor('x').toArray()).toEqual([1, 2]);
    expect(readSafetensors(at('kept')).tensor('x').toArray()).toEqual([3]);
  });

  it('names the tensor that is not there', () => {
    expect(() => readSafetensors(golden('dtypes.safetensors')).tensor('nope')).toThrow(/nope/);
  });
});

/** A file of this header and this much data. */
function craft(header: unknown, dataBytes: number, length?: bigint): string {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length ?? BigInt(json.length));
  writeFileSync(at('crafted'), Buffer.concat([prefix, json, Buffer.alloc(dataBytes)]));
  return at('crafted');
}

const entry = (begin: number, end: number, shape = [(end - begin) / 4], dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('a malformed file is refused by name before anything is mapped', () => {
  const cases: [fault: string, make: () => string, message: RegExp][] = [
    ['missing', () => at('absent'), /cannot be opened \(ENOENT\)/],
    ['a folder', () => scratch, /not a file|EISDIR/],
    [
      'empty',
      () => {
        writeFileSync(at('crafted'), '');
        return at('crafted');
      },
      /truncated: 0 bytes/,
    ],
    ['cut in the header', () => craft({}, 0, 50n), /truncated: the header needs 58 bytes/],
    ['with an absurd header length', () => craft({}, 0, 2n ** 63n), /limit of 100000000/],
    ['cut in the data', () => craft({ a: entry(0, 8) }, 4), /file is truncated/],
    ['with trailing bytes', () => craft({ a: entry(0, 8) }, 9), /trailing bytes/],
    ['with overlap', () => craft({ a: entry(0, 8), b: entry(4, 12) }, 12), /'b' overlaps/],
    ['with a gap', () => craft({ a: entry(0, 8), b: entry(12, 16) }, 16), /'b' leaves a gap/],
    [
      'with two tensors on the same bytes',
      () => craft({ a: entry(0, 8), b: entry(0, 8) }, 8),
      /overlaps/,
    ],
    [
      'with a repeated name',
      () => craft(`{"a":${JSON.stringify(entry(0, 8))},"a":${JSON.stringify(entry(0, 8))}}`, 8),
      /names 'a' twice/,
    ],
    [
      'with a repeated name, once escaped',
      () =>
        craft(`{"a":${JSON.stringify(entry(0, 8))},"\\u0061":${JSON.stringify(entry(0, 8))}}`, 8),
      /names 'a' twice/,
    ],
    ['of another size than its shape', () => craft({ a: entry(0, 8, [3]) }, 8), /needs 12 bytes/],
    [
      'of a shape whose product overflows',
      () => craft({ a: entry(0, 8, [2 ** 40, 2 ** 40]) }, 8),
      /needs/,
    ],
    ['with a negative size', () => craft({ a: entry(0, 8, [-2]) }, 8), /expected a list of sizes/],
    ['with reversed offsets', () => craft({ a: entry(8, 0, [2]) }, 8), /needs 8 bytes/],
    ['without offsets', () => craft({ a: { dtype: 'F32', shape: [1] } }, 4), /data_offsets/],
    ['of unknown dtype', () => craft({ a: entry(0, 8, [8], 'F8_E4M3') }, 8), /dtype "F8_E4M3"/],
    ['whose header is no JSON', () => craft('{"a": ', 0), /not JSON/],
    ['whose header is no object', () => craft('[]', 0), /not a JSON object/],
    ['whose entry is null', () => craft({ a: null }, 0), /dtype undefined/],
  ];

  it.each(cases)('%s', (_, make, message) => {
    const file = make();
    expect(() => readSafetensors(file)).toThrow(CheckpointError);
    expect(() => readSafetensors(file)).toThrow(message);
    expect(() => readSafetensors(file)).toThrow(file);
  });
});

const everything = (): Map<string, Tensor> =>
  new Map(
    Object.entries(written).map(([name, [dtype, shape, values]]) => [
      name,
      tensor(values, { dtype }).reshape(shape),
    ]),
  );

describe('writing', () => {
  it('gives back every dtype, and strided tensors in row-major order', () => {
    const tensors = everything();
    tensors.set(
      'transposed',
      tensor([
        [1, 2, 3],
        [4, 5, 6],
      ]).transpose(0, 1),
    );
    writeSafetensors(at('round-trip'), tensors, { metadata: { who: 'me' } });
    const file = readSafetensors(at('round-trip'));
    expect(file.metadata).toEqual({ who: 'me' });
    for (const [name, value] of Object.entries(written)) {
      expect(describeTensor(file.tensor(name)), name).toEqual(value);
    }
    expect(file.tensor('transposed').toArray()).toEqual([1, 4, 2, 5, 3, 6]);
  });

  it('starts every tensor at a multiple of its element size', () => {
    writeSafetensors(at('aligned'), everything());
    for (const { start, dtype } of readSafetensors(at('aligned')).entries.values()) {
      const width = { float64: 8, int64: 8, float32: 4, int32: 4 }[dtype as 'int64'] ?? 1;
      expect(start % width).toBe(0);
    }
  });

  it('leaves the old file and no debris when it fails midway', () => {
    const folder = at('failing');
    mkdirSync(folder);
    writeFileSync(join(folder, 'x'), 'old');
    expect(() =>
      replaceFile(join(folder, 'x'), (write) => {
        write(Buffer.from('new'));
        throw new Error('midway');
      }),
    ).toThrow('midway');
    expect(readdirSync(folder)).toEqual(['x']);
    expect(readFileSync(join(folder, 'x'), 'utf8')).toBe('old');
  });

  it('names the file that cannot be written', () => {
    const file = join(at('no-such-folder'), 'x');
    expect(() => writeSafetensors(file, new Map())).toThrow(CheckpointError);
    expect(() => writeSafetensors(file, new Map())).toThrow(file);
  });
});

describe('folders', () => {
  const parts = () => new Map(['a', 'b', 'c'].map((name, i) => [name, tensor([i, i, i, i])]));
  const valuesOf = (folder: string) => {
    const { names, tensor: read } = readSafetensorsFolder(folder);
    return [...names].sort().map((name) => read(name).toArray()[0]);
  };

  it('are one file up to the size limit, shards with an index above it, and one file again', () => {
    const folder = at('sharded');
    mkdirSync(folder);
    writeSafetensorsFolder(folder, parts());
    expect(readdirSync(folder)).toEqual(['model.safetensors']);
    expect(valuesOf(folder)).toEqual([0, 1, 2]);
    // Each tensor has 16 bytes: two fit into 32, the third goes to a second shard.
    writeSafetensorsFolder(folder, parts(), { maxShardBytes: 32 });
    expect(readdirSync(folder).sort()).toEqual([
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
      'model.safetensors.index.json',
    ]);
    expect(valuesOf(folder)).toEqual([0, 1, 2]);
    const index = JSON.parse(readFileSync(join(folder, 'model.safetensors.index.json'), 'utf8'));
    expect(index.metadata.total_size).toBe(48);
    expect(index.weight_map.c).toBe('model-00002-of-00002.safetensors');
    writeSafetensorsFolder(folder, parts());
    expect(readdirSync(folder)).toEqual(['model.safetensors']);
  });

  it('name a shard that is missing, a tensor it lacks, and a path out of the folder', () => {
    const folder = at('broken');
    mkdirSync(folder);
    writeSafetensorsFolder(folder, parts(), { maxShardBytes: 16 });
    const index = join(folder, 'model.safetensors.index.json');
    const point = (map: object) => writeFileSync(index, JSON.stringify({ weight_map: map }));
    point({ a: 'model-00002-of-00003.safetensors' });
    expect(() => readSafetensorsFolder(folder)).toThrow(/has no tensor 'a'/);
    point({ a: 'gone.safetensors' });
    expect(() => readSafetensorsFolder(folder)).toThrow(/gone.safetensors: cannot be opened/);
    point({ a: '../model.safetensors' });
    expect(() => readSafetensorsFolder(folder)).toThrow(/expected a file name in this folder/);
    expect(() => readSafetensorsFolder(at('nowhere'))).toThrow(/neither model.safetensors nor/);
  });
});

const python = process.env['LAUREL_PYTHON'];

it.skipIf(python === undefined)(
  'Python reads what Laurel writes (set LAUREL_PYTHON to a python with safetensors and torch)',
  () => {
    writeSafetensors(at('for-python'), everything(), { metadata: { format: 'pt' } });
    const printed = execFileSync(python!, [golden('check_safetensors.py'), at('for-python')]);
    const found = JSON.parse(printed.toString());
    expect(found).toEqual({ metadata: { format: 'pt' }, tensors: written });
  },
);
