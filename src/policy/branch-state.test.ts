import { expect, test } from 'vitest';
import { tinyPolicy } from '../../test/support/tiny-policy.ts';
import type { ModelType } from '../models/index.ts';
import { noGrad, type Tensor, tidy } from '../tensor/index.ts';
import { BranchState } from './branch-state.ts';
import { DecodeState } from './decode-state.ts';
import type { NewModelOptions } from './new-model-config.ts';
import { headOf } from './score.ts';

const close = { rtol: 1e-4, atol: 1e-4 };

const families: [ModelType, NewModelOptions][] = [
  ['llama', {}],
  ['llama', { numKeyValueHeads: 4, hiddenSize: 64 }],
  ['qwen2', {}],
  ['qwen3', { headDim: 6, numKeyValueHeads: 1 }],
  ['llama', { numHiddenLayers: 1 }],
];

const promptSets = {
  'of one length': [
    [3, 1, 4, 1, 5],
    [9, 2, 6, 5, 3],
    [5, 8, 9, 7, 9],
  ],
  'of several lengths': [[3], [1, 4, 1, 5, 9, 2, 6], [5, 3, 5]],
  'of one token': [[3], [1], [4]],
};

/** After each choice of rows, a token for each: more rows than queries fit one product, fewer, a prompt dropped. */
const steps: { rows: number[]; tokens: number[] }[] = [
  { rows: [0, 0, 0, 1, 2, 2], tokens: [1, 2, 3, 4, 5, 6] },
  {
    rows: [...Array(60).fill(1), 0, 3, 5, 5, 4],
    tokens: Array.from({ length: 65 }, (_, n) => n % 16),
  },
  { rows: [59, 3, 63, 61], tokens: [7, 8, 9, 10] },
];

test('states are what the head turns into logits', () => {
  const { model } = tinyPolicy({ numHiddenLayers: 2 });
  const prompts = promptSets['of several lengths'];
  noGrad(() =>
    tidy(() => {
      using one = new BranchState(model, { prompts, maxTokens: 4 });
      using other = new BranchState(model, { prompts, maxTokens: 4 });
      const logitsOf = (states: Tensor) => states.matmul(headOf(model).transpose(0, 1)).toArray();
      expect(logitsOf(one.prefill('states'))).toBeAllClose(other.prefill().toArray(), close);
      for (const { rows, tokens } of steps) {
        for (const state of [one, other]) state.selectRows(rows);
        expect(logitsOf(one.next(tokens, 'states'))).toBeAllClose(
          other.next(tokens).toArray(),
          close,
        );
      }
    }),
  );
});

test.each(
  families.flatMap(([modelType, changes]) =>
    Object.entries(promptSets).map(([name, prompts]) => ({ modelType, changes, name, prompts })),
  ),
)(
  '$modelType $changes, prompts $name: rows that share a prompt score as rows with a copy',
  ({ modelType, changes, prompts }) => {
    const { model } = tinyPolicy({ modelType, ...changes });
    noGrad(() =>
      tidy(() => {
        using shared = new BranchState(model, { prompts, maxTokens: 4 });
        using copied = new DecodeState(model, prompts, 4, 16);
        expect(shared.prefill().toArray()).toBeAllClose(copied.prefill(1).toArray(), close);
        for (const { rows, tokens } of steps) {
          shared.selectRows(rows);
          copied.selectRows(rows);
          expect(shared.next(tokens).toArray()).toBeAllClose(copied.next(tokens).toArray(), close);
        }
      }),
    );
  },
);
