import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GroupRecord } from '../../runs/index.ts';
import { byteTokenizer } from '../../tokenizers/index.ts';
import { matchingCompletions } from './completion-filter.ts';
import { type GroupPlace, readGroups, scanGroups } from './group-index.ts';
import { findRunFile } from './run-file.ts';
import { bytesText, tokenText } from './token-text.ts';
import { tokenViews } from './token-views.ts';
import { readTurns } from './turns.ts';

const group: GroupRecord = {
  step: 3,
  example: 7,
  prompt: 'Add 2 and 2.',
  completions: [
    completion('Four', { reward: 1, length: 2 }),
    completion('five, perhaps', { reward: 0, length: 9, finish_reason: 'length' }),
    completion('?', { reward: null, length: 1 }),
  ],
};

function completion(text: string, changes: object): GroupRecord['completions'][number] {
  const rest = { finish_reason: 'stop' as const, length: 1, reward: 0, rewards: {}, advantage: 0 };
  return { text, ...rest, ...changes };
}

describe('matchingCompletions', () => {
  it.each([
    [{}, [0, 1, 2]],
    [{ q: 'FOUR' }, [0]],
    [{ q: 'add 2' }, [0, 1, 2]],
    [{ q: 'absent' }, []],
    [{ finish: 'length' as const }, [1]],
    [{ minReward: 0.5 }, [0]],
    [{ maxReward: 0.5 }, [1]],
    [{ minLength: 2, maxLength: 8 }, [0]],
    [{ q: 'five', minReward: 0.5 }, []],
  ])('%j passes %j', (filter, expected) => {
    expect(matchingCompletions(group, filter)).toEqual(expected);
  });
});

describe('scanGroups', () => {
  it('finds what it reads back by place, whatever the texts and wherever chunks end', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'laurel-groups-'));
    const texts = fc.array(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 4 }), {
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(texts, async (written) => {
        const groups = written.map((completions, example) => ({
          ...group,
          example,
          completions: completions.map((text) => completion(text, {})),
        }));
        writeFileSync(
          join(folder, 'groups.jsonl'),
          groups.map((each) => `${JSON.stringify(each)}\n`).join(''),
        );
        const file = (await findRunFile(folder, 'groups.jsonl'))!;
        const places: GroupPlace[] = [];
        await scanGroups(file, (_, place) => places.push(place));
        expect(await readGroups(file, places.toReversed())).toEqual(groups.toReversed());
        expect(places.map(({ firstCompletion }) => firstCompletion)).toEqual(
          groups.map((_, at) => groups.slice(0, at).flatMap((each) => each.completions).length),
        );
      }),
      { numRuns: 50 },
    );
  });
  it('names the line that is no group', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'laurel-groups-'));
    writeFileSync(join(folder, 'groups.jsonl'), `${JSON.stringify(group)}\n{"step":1}\n`);
    const file = (await findRunFile(folder, 'groups.jsonl'))!;
    await expect(scanGroups(file, () => {})).rejects.toThrow(
      'groups.jsonl:2: is not a group of completions: it has no completions',
    );
  });
});

describe('bytesText', () => {
  it('shows whole characters as text and pieces of them as bytes', () => {
    // 你 is E4 BD A0.
    expect(bytesText(Uint8Array.of(0x61, 0xe4, 0xbd, 0xa0))).toBe('a你');
    expect(bytesText(Uint8Array.of(0x61, 0xe4, 0xbd))).toBe('a⟨E4 BD⟩');
    expect(bytesText(Uint8Array.of(0xa0, 0x61))).toBe('⟨A0⟩a');
    // An overlong slash and a surrogate are no UTF-8.
    expect(bytesText(Uint8Array.of(0xc0, 0xaf))).toBe('⟨C0 AF⟩');
    expect(bytesText(Uint8Array.of(0xed, 0xa0, 0x80))).toBe('⟨ED A0 80⟩');
  });
  it('is the text itself for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(bytesText(new TextEncoder().encode(text))).toBe(text);
      }),
    );
  });
});

describe('tokenText', () => {
  it('spells special tokens, and numbers what the vocabulary lacks', () => {
    const tokenizer = byteTokenizer();
    expect(tokenText(tokenizer, tokenizer.encode('A')[0]!)).toBe('A');
    expect(tokenText(tokenizer, tokenizer.eosTokenId)).toBe(
      tokenizer.idToToken(tokenizer.eosTokenId),
    );
    expect(tokenText(tokenizer, 1_000_000)).toBe('⟨1000000⟩');
  });
});

describe('tokenViews', () => {
  it('puts tokens in the order of the completion and has null where nothing is known', () => {
    const row = {
      tokenIds: [66, 65],
      positions: [1, 0],
      logprobs: [-0.5, Number.NaN],
      entropies: [],
      advantages: [1, 1],
      ratios: [1, Number.POSITIVE_INFINITY],
      trainedMask: [0, 1],
    };
    const rest = { entropy: null, advantage: 1 };
    expect(tokenViews(row, byteTokenizer())).toEqual([
      { text: 'A', id: 65, logprob: null, ratio: null, trained: true, ...rest },
      { text: 'B', id: 66, logprob: -0.5, ratio: 1, trained: false, ...rest },
    ]);
  });
});

describe('readTurns', () => {
  it('reads what known chat templates write', () => {
    const turns = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello <b>' },
    ];
    const chatml = '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello <b><|im_end|>\n';
    const llama =
      '<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nHello <b>';
    expect(readTurns(chatml)).toEqual(turns);
    expect(readTurns(llama)).toEqual([{ role: 'text', content: '<|begin_of_text|>' }, ...turns]);
    expect(readTurns('plain text')).toBeNull();
  });
});
