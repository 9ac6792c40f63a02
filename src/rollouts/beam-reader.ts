import { type Model, PackedDecoder } from '../models/index.ts';
import {
  BranchState,
  type BranchStateOptions,
  type ConstrainedDistribution,
  DecodeState,
  headOf,
  type SetValues,
  setLogprobs,
  setLogprobsOf,
} from '../policy/index.ts';
import type { Tensor } from '../tensor/index.ts';

export interface BeamReaderOptions extends BranchStateOptions {
  readonly padTokenId: number;
  readonly temperature: number;
  readonly distribution: ConstrainedDistribution;
  /** Tokens that the constraint allows first, where it allows most. */
  readonly firstTokens: number;
}

/** Logits for each one that a constraint allows first, from which on only those of its sets are made. */
const LEAST_SAVED = 4;

/** What a search reads with. */
export interface BeamReader extends Disposable {
  /** log π of what each row may take after its last token; without last tokens, after the prompts. */
  score(lastTokens: readonly number[] | undefined, sets: readonly Int32Array[]): SetValues;
  /** Goes on with these rows, in this order. */
  selectRows(rows: readonly number[]): void;
}

/** Beams share their prompt where the model can, and of their scores only those of their sets are computed, if few. */
function branchReader(model: Model, options: BeamReaderOptions): BeamReader {
  const { temperature, distribution, firstTokens } = options;
  const state = new BranchState(model, options);
  const areFew = firstTokens * LEAST_SAVED <= headOf(model).shape[0]!;
  const output = distribution === 'constrained' && areFew ? 'states' : 'logits';
  const scored = (found: Tensor, sets: readonly Int32Array[]) =>
    output === 'states'
      ? setLogprobsOf(found, headOf(model), sets)
      : setLogprobs(found, sets, distribution);
  return {
    score: (lastTokens, sets) => {
      const found =
        lastTokens === undefined ? state.prefill(output) : state.next(lastTokens, output);
      return scored(tempered(found, temperature), sets);
    },
    selectRows: (rows) => state.selectRows(rows),
    [Symbol.dispose]: () => state[Symbol.dispose](),
  };
}

/** Each beam has a copy of its prompt, and scores of the whole vocabulary. */
function copyingReader(model: Model, options: BeamReaderOptions): BeamReader {
  const { prompts, maxTokens, padTokenId, temperature, distribution } = options;
  const state = new DecodeState(model, prompts, maxTokens, padTokenId);
  return {
    score: (lastTokens, sets) => {
      const logits = lastTokens === undefined ? state.prefill(1) : state.next(lastTokens);
      return setLogprobs(tempered(logits, temperature), sets, distribution);
    },
    selectRows: (rows) => state.selectRows(rows),
    [Symbol.dispose]: () => state[Symbol.dispose](),
  };
}

/** Logits, or states of which they are products, divided by the temperature. */
const tempered = (scores: Tensor, temperature: number): Tensor =>
  temperature === 1 ? scores : scores.div(temperature);

/** Reads the prompts. */
export const openBeamReader = (model: Model, options: BeamReaderOptions): BeamReader =>
  (PackedDecoder.fits(model) ? branchReader : copyingReader)(model, options);
