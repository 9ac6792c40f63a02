import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findIntact, latestCheckpoint, saveCheckpoint } from './index.ts';

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'laurel-'));

const writeStep = (step: number) => (folder: string) => {
  writeFileSync(join(folder, 'model.bin'), `weights of ${step}`);
  mkdirSync(join(folder, 'tokenizer'));
  writeFileSync(join(folder, 'tokenizer', 'a.json'), '{}');
};

/** Changes one bit of a file, as a failing disk does. */
function flipBit(file: string, byte: number): void {
  const bytes = readFileSync(file);
  bytes[byte]! ^= 1;
  writeFileSync(file, bytes);
}

describe('findIntact', () => {
  it('refuses a named checkpoint with a file that is missing, cut short or changed', async () => {
    const folder = newFolder();
    const path = await saveCheckpoint(folder, 1, writeStep(1));
    flipBit(join(path, 'model.bin'), 3);
    await expect(findIntact(path)).rejects.toThrow(
      `${path}: model.bin has changed since it was saved (its SHA-256 differs); copy it again`,
    );
    truncateSync(join(path, 'model.bin'), 4);
    await expect(findIntact(path)).rejects.toThrow('model.bin has 4 bytes, expected 12');
    rmSync(join(path, 'model.bin'));
    await expect(findIntact(path)).rejects.toThrow('model.bin is missing');
    expect(latestCheckpoint(folder)).toBeUndefined();
  });
  it('names the earlier checkpoint that is intact', async () => {
    const folder = newFolder();
    const paths: string[] = [];
    for (const step of [1, 2, 3]) paths.push(await saveCheckpoint(folder, step, writeStep(step)));
    const [first, second, third] = paths;
    for (const path of [second!, third!]) flipBit(join(path, 'tokenizer', 'a.json'), 0);
    await expect(findIntact(third!)).rejects.toThrow(`resume from ${first}, which is intact`);
  });
  it('goes back to the newest intact checkpoint of a run, and says what it passed over', async () => {
    const folder = newFolder();
    for (const step of [1, 2, 3, 10]) await saveCheckpoint(folder, step, writeStep(step));
    flipBit(join(folder, 'checkpoint-2', 'model.bin'), 0);
    flipBit(join(folder, 'checkpoint-3', 'manifest.json'), 0);
    truncateSync(join(folder, 'checkpoint-10', 'model.bin'), 1);
    expect(await findIntact(folder)).toEqual({
      step: 1,
      path: join(folder, 'checkpoint-1'),
      passedOver: [
        { name: 'checkpoint-10', problem: 'model.bin has 1 bytes, expected 13' },
        {
          name: 'checkpoint-3',
          problem: 'manifest.json cannot be read: it is cut short or damaged',
        },
        {
          name: 'checkpoint-2',
          problem: 'model.bin has changed since it was saved (its SHA-256 differs)',
        },
      ],
    });
    flipBit(join(folder, 'checkpoint-1', 'model.bin'), 0);
    await expect(findIntact(folder)).rejects.toThrow(
      /none of its checkpoints is intact \(.*checkpoint-1: /,
    );
  });
  it('sees one bit of a large file', async () => {
    const folder = newFolder();
    const path = await saveCheckpoint(folder, 1, (temporary) =>
      writeFileSync(join(temporary, 'model.bin'), Buffer.alloc(65 * 2 ** 20)),
    );
    flipBit(join(path, 'model.bin'), 64 * 2 ** 20);
    await expect(findIntact(path)).rejects.toThrow('model.bin has changed');
  });
});
