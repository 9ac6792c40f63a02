import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { microBatches, type RowLayout, type TrainSequence } from '../batches/index.ts';
import { type Model, parameters, trainableParameters } from '../models/index.ts';
import { type Policy, scoreSequences } from '../policy/index.ts';
import { tidy, phase as traced } from '../tensor/index.ts';
import { type PreferencePair, pairSequences, sequencesOf } from './preference-pair.ts';
import {
  findReferenceLogprobs,
  type ReferenceLogprobs,
  writeReferenceLogprobs,
} from './reference-logprobs-file.ts';
import { belowFreshAdapters, ReferencePolicy } from './reference-policy.ts';
import { rowsFingerprint } from './rows-fingerprint.ts';

/** Pairs that are trained on, and pairs held out. */
export interface PreferenceRows {
  readonly train: readonly PreferencePair[];
  readonly held: readonly PreferencePair[];
}

type Part = keyof PreferenceRows;

export interface ReferenceOptions {
  /** Whether all rows are scored before the first step, and the reference is then let go. */
  readonly timing: 'beforehand' | 'each step';
  /** Pairs scored at a time beforehand. */
  readonly batchSize: number;
  /** How sequences share rows: as in training, so that equal weights score equally. */
  readonly layout: RowLayout | undefined;
  /** Whether the policy may be another one by the first step, so that a copy is needed until then. */
  readonly isResuming: boolean;
}

interface Place {
  /** The run's folder. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly phase: (name: string) => void;
  readonly warn: (message: string) => void;
}

/** Log-probabilities of all tokens of a part: all completions of its first pair, then of the second … */
interface Table {
  readonly values: Float32Array | Float64Array;
  /** Where each pair begins. */
  readonly starts: readonly number[];
}

/** Over the tokens that a row says, where it does, as in training. */
const scoring = { temperature: 1, logprobDistribution: 'sampled' } as const;

const lengthOf = ({ completionMask }: TrainSequence): number => completionMask.length;

function startsOf(pairs: readonly PreferencePair[]): number[] {
  const starts = [0];
  for (const pair of pairs)
    starts.push(sequencesOf(pair).reduce((end, side) => end + lengthOf(side), starts.at(-1)!));
  return starts;
}

/** A name for model, rows and the way they are scored: another one where any of it, or any bit of a score, is another. */
function keyOf(
  policyModel: Model,
  { train, held }: PreferenceRows,
  { batchSize, layout }: ReferenceOptions,
): string {
  const model = belowFreshAdapters(policyModel) ?? policyModel;
  const hash = createHash('sha256');
  hash.update(JSON.stringify([model.config, batchSize, layout === undefined, 'shared prompts']));
  const tensors = new Set([...parameters(model).values(), ...trainableParameters(model).values()]);
  for (const tensor of tensors) {
    const { buffer, byteOffset, byteLength } = tensor.toTypedArray();
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  for (const pairs of [train, held]) {
    const rows = pairSequences(pairs).map(({ tokens, promptLength }) => [promptLength, ...tokens]);
    hash.update(rowsFingerprint(rows));
  }
  return hash.digest('hex').slice(0, 16);
}

/**
 * log π_ref of every token that preference training reads, from a frozen copy of the policy at each step, or scored once
 * before the first. Scored values are kept in the run's folder under a name made of the reference and the rows, where a
 * resumed run finds them, and any other run beside it.
 */
export class PreferenceReferences {
  readonly #rows: PreferenceRows;
  readonly #options: ReferenceOptions;
  readonly #dtype: 'float32' | 'float64';
  readonly #key: string | undefined;
  #reference: ReferencePolicy | undefined;
  #policy: Policy | undefined;
  #tables: Readonly<Record<Part, Table>> | undefined;

  /** @param reference - What the policy is held to: the policy itself, as it is now, unless another is given. */
  constructor(reference: Policy, rows: PreferenceRows, options: ReferenceOptions) {
    this.#rows = rows;
    this.#options = options;
    this.#dtype = reference.model.weights.embedTokens.dtype === 'float64' ? 'float64' : 'float32';
    const isBeforehand = options.timing === 'beforehand';
    this.#key = isBeforehand ? tidy(() => keyOf(reference.model, rows, options)) : undefined;
    const isCopied = !isBeforehand || options.isResuming;
    this.#reference = isCopied ? new ReferencePolicy(reference) : undefined;
    this.#policy = isCopied ? undefined : reference;
  }

  /** Scores all rows, or reads what was scored, the first time it is called; does nothing at each-step timing. */
  async prepare({ folder, signal, phase, warn }: Place): Promise<void> {
    if (this.#options.timing === 'each step' || this.#tables !== undefined) return;
    const key = this.#key!;
    const known = findReferenceLogprobs(folder, { key, warn });
    if (known === undefined) {
      phase('scoring with the reference');
      const train = await this.#scoreAll('train', signal);
      const held = await this.#scoreAll('held', signal);
      this.#tables = { train, held };
      writeReferenceLogprobs(folder, key, { train: train.values, held: held.values });
    } else this.#tables = this.#tablesOf(known);
    this.#reference = undefined;
    this.#policy = undefined;
  }

  #tablesOf({ train, held }: ReferenceLogprobs): Readonly<Record<Part, Table>> {
    return {
      train: { values: train, starts: startsOf(this.#rows.train) },
      held: { values: held, starts: startsOf(this.#rows.held) },
    };
  }

  /** The pairs' sequences as `pairSequences` orders them, with their reference log-probabilities. */
  attach(part: Part, rows: readonly number[]): TrainSequence[] {
    const pairs = rows.map((row) => this.#rows[part][row]!);
    const sequences = pairSequences(pairs);
    const references =
      this.#tables === undefined
        ? traced('reference', () => this.#score(sequences))
        : this.#lookUp(this.#tables[part], pairs, rows);
    return sequences.map((sequence, i) => ({ ...sequence, referenceLogprobs: references[i]! }));
  }

  /** π_ref ← α π + (1 − α) π_ref. */
  moveTowards(policy: Policy, share: number): void {
    this.#reference?.moveTowards(policy, share);
  }

  /** Writes the reference into a checkpoint, where it is kept as a model. */
  save(checkpoint: string): void {
    if (this.#options.timing === 'each step') this.#reference?.save(checkpoint);
  }

  restore(checkpoint: string): void {
    if (this.#options.timing === 'each step') this.#reference?.restore(checkpoint);
  }

  #score(sequences: readonly TrainSequence[]): number[][] {
    const { layout } = this.#options;
    const options = { ...scoring, layout, batchSize: sequences.length };
    if (this.#reference !== undefined) return this.#reference.score(sequences, options);
    const { model, tokenizer } = this.#policy!;
    const scores = scoreSequences(model, sequences, {
      ...options,
      padTokenId: tokenizer.padTokenId,
    });
    return scores.map(({ logprobs }) => logprobs);
  }

  async #scoreAll(part: Part, signal: AbortSignal): Promise<Table> {
    const pairs = this.#rows[part];
    const starts = startsOf(pairs);
    const size = starts.at(-1)!;
    const values = this.#dtype === 'float64' ? new Float64Array(size) : new Float32Array(size);
    let row = 0;
    for (const batch of microBatches(pairs, this.#options.batchSize)) {
      await nextTurn();
      signal.throwIfAborted();
      const scores = this.#score(pairSequences(batch));
      for (const [i, pair] of batch.entries()) {
        let start = starts[row++]!;
        for (const [place, side] of sequencesOf(pair).entries()) {
          values.set(scores[i + place * batch.length]!, start);
          start += lengthOf(side);
        }
      }
    }
    return { values, starts };
  }

  #lookUp(
    { values, starts }: Table,
    pairs: readonly PreferencePair[],
    rows: readonly number[],
  ): number[][] {
    const sides = pairs.map((pair, i) => {
      let end = starts[rows[i]!]!;
      return sequencesOf(pair).map((side) => {
        const start = end;
        end += lengthOf(side);
        return Array.from(values.subarray(start, end), Number);
      });
    });
    return (sides[0] ?? []).flatMap((_, place) => sides.map((all) => all[place]!));
  }
}
