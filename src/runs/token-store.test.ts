import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  completionSteps,
  isTokenStep,
  readTokens,
  writeCompletions,
  writeTokens,
} from './index.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors-columns.ts';

const columns = {
  offsets: [0, 2, 3],
  completionSteps: [9, 10],
  completions: [7, 0],
  promptLengths: [4, 2],
  positions: [0, 2, 1],
  tokenIds: [5, 70000, 2],
  logprobs: [-0.5, -1.25, 0],
  entropies: [0.5, 0.25, 2],
  advantages: [1, 1, -1],
  ratios: [1, 1.5, 0.75],
  trainedMask: [1, 0, 1],
};

describe('the token record', () => {
  it('is read back as it was stored', () => {
    const folder = mkdtempSync(join(tmpdir(), 'laurel-'));
    writeTokens(folder, 10, columns);
    expect(readTokens(folder, 10)).toEqual(columns);
    expect(readTokens(folder, 11)).toBeUndefined();
  });
  it('is named when it was cut short', () => {
    const folder = mkdtempSync(join(tmpdir(), 'laurel-'));
    writeTokens(folder, 10, columns);
    const file = join(folder, 'tokens', 'step_00010.safetensors');
    writeFileSync(file, readFileSync(file).subarray(0, -1));
    expect(() => readTokens(folder, 10)).toThrow(`${file}: is cut short`);
    writeFileSync(file, 'abc');
    expect(() => readTokens(folder, 10)).toThrow('the header is incomplete');
  });
  it('is stored at an even share of the steps', () => {
    const stored = (rate: number) =>
      Array.from({ length: 10 }, (_, index) => index + 1).filter((step) => isTokenStep(step, rate));
    expect(stored(0)).toEqual([]);
    expect(stored(0.1)).toEqual([10]);
    expect(stored(0.3)).toEqual([4, 7, 10]);
    expect(stored(0.5)).toEqual([2, 4, 6, 8, 10]);
    expect(stored(1)).toHaveLength(10);
  });
});

describe('encodeSafetensors', () => {
  it('writes the bytes that the format’s page describes', () => {
    // 8 bytes: length of the header, little-endian; the header, padded with blanks to 8; the data.
    const bytes = encodeSafetensors({ a: Int32Array.of(1, 258), b: Uint8Array.of(7) });
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    expect(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))).toEqual({
      __metadata__: {},
      a: { dtype: 'I32', shape: [2], data_offsets: [0, 8] },
      b: { dtype: 'U8', shape: [1], data_offsets: [8, 9] },
    });
    expect([...bytes.subarray(8 + length)]).toEqual([1, 0, 0, 0, 2, 1, 0, 0, 7]);
  });
  it('keeps metadata, and refuses a type it cannot read', () => {
    const bytes = encodeSafetensors({ a: Float32Array.of(1) }, { step: '3' });
    expect(decodeSafetensors(bytes, 'f').metadata).toEqual({ step: '3' });
    const text = new TextDecoder('latin1').decode(bytes).replace('"F32"', '"F16"');
    expect(() => decodeSafetensors(Buffer.from(text, 'latin1'), 'f')).toThrow(
      'f: column a has type F16',
    );
  });
});

describe('completionSteps', () => {
  it('lists the steps of a run in order, also past 99999', () => {
    const folder = mkdtempSync(join(tmpdir(), 'laurel-'));
    for (const step of [100_000, 20, 3]) writeCompletions(folder, step, []);
    writeCompletions(folder, 7, [], 'eval');
    expect(completionSteps(folder)).toEqual([3, 20, 100_000]);
    expect(completionSteps(folder, 'eval')).toEqual([7]);
  });
});
