import { expect, test } from 'vitest';
import { letters, tinyPolicy } from '../../test/support/tiny-policy.ts';
import { ConfigError } from '../errors.ts';
import { hiddenStates, logits } from '../models/index.ts';
import {
  liveTensors,
  noGrad,
  setThreadCount,
  type Tensor,
  threadCount,
  tidy,
  tokenTensor,
} from '../tensor/index.ts';
import { BranchState } from './branch-state.ts';
import { DecodeState } from './decode-state.ts';
import { newModelConfig } from './index.ts';

const { model } = tinyPolicy();
const prompts = ['ab', 'ponmlk', 'c'].map((text) => letters.encode(text));
const V = letters.vocabSize;

const rowsOf = (tensor: Tensor): number[][] => {
  const flat = tensor.toArray();
  return Array.from({ length: flat.length / V }, (_, row) => flat.slice(row * V, (row + 1) * V));
};

/** Logits after a whole text, read at once and alone. */
const after = (tokens: readonly number[]): number[] =>
  noGrad(() =>
    tidy(() => {
      const hidden = hiddenStates(model, { tokens: tokenTensor(tokens, [1, tokens.length]) });
      return logits(model, hidden.select(1, tokens.length - 1)).toArray();
    }),
  );

const near = { rtol: 0, atol: 1e-5 };

test('a prompt is read once and its row repeated for its group, bit for bit', () => {
  using state = new DecodeState(model, prompts, 4, letters.padTokenId);
  const rows = noGrad(() => tidy(() => rowsOf(state.prefill(3))));
  expect(rows.length).toBe(9);
  for (const [row, values] of rows.entries()) {
    expect(values).toEqual(rows[row - (row % 3)]);
    expect(values).toBeAllClose(after(prompts[Math.floor(row / 3)]!), near);
  }
});

test('each row goes on with its own tokens, also after others were dropped', () => {
  using state = new DecodeState(model, prompts, 4, letters.padTokenId);
  noGrad(() => tidy(() => void state.prefill(2)));
  const first = [0, 1, 2, 3, 4, 5];
  const second = noGrad(() => tidy(() => rowsOf(state.next(first))));
  for (const [row, values] of second.entries())
    expect(values).toBeAllClose(after([...prompts[row >> 1]!, first[row]!]), near);
  state.selectRows([1, 4]);
  const third = noGrad(() => tidy(() => rowsOf(state.next([7, 8]))));
  expect(third[0]!).toBeAllClose(after([...prompts[0]!, 1, 7]), near);
  expect(third[1]!).toBeAllClose(after([...prompts[2]!, 4, 8]), near);
});

test('threads that each take rows of their own give the bits of one thread', () => {
  const tokens = Array.from({ length: 51 }, (_, row) => row % V);
  const decode = (threads: number): number[][] => {
    setThreadCount(threads);
    using state = new DecodeState(model, prompts, 4, letters.padTokenId);
    noGrad(() => tidy(() => void state.prefill(17)));
    noGrad(() => tidy(() => void state.next(tokens)));
    return noGrad(() => tidy(() => rowsOf(state.next(tokens))));
  };
  const before = threadCount();
  try {
    const alone = decode(1);
    // 51 rows for 2 threads are 25 and 26; 16 threads would have too few each, and products too small to share.
    expect(decode(2)).toEqual(alone);
    expect(decode(16)).toEqual(alone);
    for (const [row, values] of alone.entries()) {
      const text = [...prompts[Math.floor(row / 17)]!, tokens[row]!, tokens[row]!];
      expect(values).toBeAllClose(after(text), near);
    }
  } finally {
    setThreadCount(before);
  }
});

/** Enough products that five threads share them; widths of which each thread has other parts of a vector. */
const wide = tinyPolicy({
  hiddenSize: 96,
  intermediateSize: 200,
  numAttentionHeads: 6,
  numKeyValueHeads: 3,
}).model;

test.each([
  ['each with its own cache', 'rows'],
  ['on branches of their prompts', 'branches'],
] as const)('threads that share the products of rows %s give the bits of one thread', (_, kind) => {
  const tokens = Array.from({ length: 12 }, (__, row) => row % 16);
  const decode = (threads: number): number[][] => {
    setThreadCount(threads);
    return noGrad(() =>
      tidy(() => {
        if (kind === 'rows') {
          using state = new DecodeState(wide, prompts, 4, letters.padTokenId);
          state.prefill(4);
          return [tokens, tokens].map((next) => state.next(next).toArray());
        }
        using state = new BranchState(wide, { prompts, maxTokens: 4 });
        state.prefill();
        state.selectRows(tokens.map((__, row) => row >> 2));
        return (['logits', 'states'] as const).map((out) => state.next(tokens, out).toArray());
      }),
    );
  };
  const before = threadCount();
  try {
    const alone = decode(1);
    for (const threads of [2, 3, 5]) expect(decode(threads), `${threads} threads`).toEqual(alone);
  } finally {
    setThreadCount(before);
  }
});

test('what decoding carries is freed at its end', () => {
  const before = liveTensors();
  {
    using state = new DecodeState(model, prompts, 4, letters.padTokenId);
    noGrad(() => tidy(() => void state.prefill(2)));
    state.selectRows([0, 3]);
    expect(liveTensors()).toBeGreaterThan(before);
  }
  expect(liveTensors()).toBe(before);
});

test('a new model has the tokenizer’s vocabulary and special tokens', () => {
  const config = newModelConfig({ hiddenSize: 48, numAttentionHeads: 4 }, letters);
  expect(config).toMatchObject({
    vocabSize: 20,
    hiddenSize: 48,
    headDim: 12,
    // 48 · 8/3 = 128, a multiple of 32.
    intermediateSize: 128,
    eosTokenIds: [letters.eosTokenId],
  });
});

test('sizes that do not fit are refused', () => {
  expect(() => newModelConfig({ hiddenSize: 50, numAttentionHeads: 4 }, letters)).toThrow(
    ConfigError,
  );
});
