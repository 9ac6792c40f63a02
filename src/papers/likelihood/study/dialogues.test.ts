import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { DataError } from '../../../errors.ts';
import { dialoguesFile, readDialogues, splitDialogues } from './dialogues.ts';

const folder = mkdtempSync(join(tmpdir(), 'laurel-dialogues-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(rows: readonly object[]): string {
  const file = join(folder, 'rows.jsonl.gz');
  writeFileSync(file, gzipSync(rows.map((row) => JSON.stringify(row)).join('\n')));
  return file;
}

const options = { promptLength: 100, completionLength: 100 };

describe('dialogues', () => {
  const shared = '\n\nHuman: hi\n\nAssistant: yes?\n\nHuman: why\n\nAssistant:';

  test('are split where the last shared turn of the assistant begins', () => {
    const file = write([{ chosen: `${shared} so.`, rejected: `${shared} since.` }]);
    expect(readDialogues(file, options)).toEqual([
      {
        example: { index: 0, columns: {} },
        opening: '\n\nHuman: hi',
        text: `${shared} so.`,
        prompt: shared,
        chosen: ' so.',
        rejected: ' since.',
      },
    ]);
  });

  test('keep the end of the prompt and the start of the completions; pairs alike by then are left out', () => {
    const rows = [
      { chosen: `${shared} abcd`, rejected: `${shared} abce` },
      { chosen: `${shared} xbcd`, rejected: `${shared} abce` },
    ];
    const found = readDialogues(write(rows), { promptLength: 10, completionLength: 3 });
    expect(found.map(({ prompt, chosen, rejected }) => [prompt, chosen, rejected])).toEqual([
      ['Assistant:', ' xb', ' ab'],
    ]);
  });

  test('a row of another kind is refused by its line', () => {
    const file = write([{ chosen: `${shared} a`, rejected: `${shared} b` }, { chosen: 1 }]);
    expect(() => readDialogues(file, options)).toThrow(DataError);
    expect(() => readDialogues(file, options)).toThrow(/rows\.jsonl\.gz:2/);
  });

  test('are not there without data', () => {
    expect(dialoguesFile(null)).toBeUndefined();
    expect(dialoguesFile(folder)).toBeUndefined();
  });
});

test('no opening is in two parts, no row is lost, and the parts are as large as asked where groups allow', () => {
  const rows = fc.array(fc.record({ opening: fc.integer({ min: 0, max: 30 }).map(String) }), {
    minLength: 20,
    maxLength: 60,
  });
  fc.assert(
    fc.property(rows, (some) => {
      const { held, rewardModel, policy } = splitDialogues(some, { held: 5, rewardModel: 5 });
      expect(held.length + rewardModel.length + policy.length).toBe(some.length);
      expect(Math.max(held.length, rewardModel.length)).toBeLessThanOrEqual(5);
      const openings = [held, rewardModel, policy].map(
        (part) => new Set(part.map((row) => row.opening)),
      );
      const all = openings.flatMap((part) => [...part]);
      expect(new Set(all).size).toBe(all.length);
    }),
  );
});
