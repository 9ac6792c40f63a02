import { type Tensor, tokenTensor } from '../tensor/index.ts';
import type { TrainSequence } from './train-sequence.ts';

/** Sequences one behind the other, each with a copy of its prompt, and the text before each of their N trained tokens. */
export interface WholeTexts {
  /** [M], int64. */
  readonly text: Tensor;
  /** Where each trained token's sequence begins in `text`. [N], int64. */
  readonly starts: Tensor;
  /** The place before each trained token in `text`. [N], int64. */
  readonly ends: Tensor;
}

/** What stands before each trained token, in the order of `TrainBatch.targets`. */
export function wholeTexts(sequences: readonly TrainSequence[], device = 'cpu'): WholeTexts {
  const [text, starts, ends]: number[][] = [[], [], []];
  for (const { tokens, promptLength, completionMask } of sequences) {
    const start = text!.length;
    for (const token of tokens) text!.push(token);
    for (const [t, trained] of completionMask.entries()) {
      if (trained !== 1) continue;
      starts!.push(start);
      ends!.push(start + promptLength + t - 1);
    }
  }
  const move = (values: readonly number[]) => tokenTensor(values, [values.length], device);
  return { text: move(text!), starts: move(starts!), ends: move(ends!) };
}
