import { existsSync } from 'node:fs';
import { keptSet, keptTokensOf, type TrainSequence } from '../batches/index.ts';
import { CheckpointError } from '../errors.ts';
import {
  fromTypedArray,
  type NumericArray,
  readSafetensors,
  type SafetensorsFile,
  type Tensor,
  tidy,
  writeSafetensors,
} from '../tensor/index.ts';

/** A micro-batch waiting to be trained on. */
export interface PendingBatch {
  readonly sequences: readonly TrainSequence[];
  /** Its share of its generation's trained tokens. */
  readonly tokenShare: number;
}

/** Per-token columns, by their names in the file. */
const columns = {
  completion_mask: 'completionMask',
  old_logprobs: 'oldLogprobs',
  reference_logprobs: 'referenceLogprobs',
  advantages: 'advantages',
} as const;
type Column = (typeof columns)[keyof typeof columns];
type Known = Column | 'tokens' | 'promptLength' | 'keptTokens' | 'origin';

/** Every field of a sequence is stored: a new one is a type error here until it is. */
const allStored: Exclude<keyof TrainSequence, Known> extends never ? true : never = true;

const integers = (values: readonly number[]): Tensor =>
  fromTypedArray(Int32Array.from(values), [values.length]);
const reals = (values: readonly number[]): Tensor =>
  fromTypedArray(Float64Array.from(values), [values.length]);

/** Whether the sequences have a field. @throws CheckpointError when only some have. */
function have(sequences: readonly TrainSequence[], field: keyof TrainSequence): boolean {
  const count = sequences.filter((sequence) => sequence[field] !== undefined).length;
  if (allStored && count !== 0 && count !== sequences.length)
    throw new CheckpointError(
      `pending batches: ${count} of ${sequences.length} sequences have ${field}; all or none must`,
    );
  return count > 0;
}

/** Sequences one after the other, each field in a tensor of its own. Numbers keep all their bits. */
function flatten(sequences: readonly TrainSequence[]): Map<string, Tensor> {
  const tensors = new Map([
    ['lengths', integers(sequences.map(({ tokens }) => tokens.length))],
    ['prompt_lengths', integers(sequences.map(({ promptLength }) => promptLength))],
    ['tokens', integers(sequences.flatMap(({ tokens }) => [...tokens]))],
  ]);
  for (const [name, field] of Object.entries(columns))
    if (have(sequences, field))
      tensors.set(name, reals(sequences.flatMap((sequence) => [...sequence[field]!])));
  if (have(sequences, 'keptTokens')) addKept(tensors, sequences);
  if (have(sequences, 'origin')) {
    tensors.set('origin_steps', integers(sequences.map(({ origin }) => origin!.step)));
    tensors.set('origin_completions', integers(sequences.map(({ origin }) => origin!.completion)));
  }
  return tensors;
}

function addKept(tensors: Map<string, Tensor>, sequences: readonly TrainSequence[]): void {
  const sets = sequences.flatMap(({ keptTokens, completionMask }) =>
    completionMask.map((_, t) => keptSet(keptTokens!, t)),
  );
  const { ids, ends } = keptTokensOf(sets);
  const offsets = new Int32Array(ends.length + 1);
  offsets.set(ends, 1);
  tensors.set('kept_ids', fromTypedArray(ids, [ids.length]));
  tensors.set('kept_offsets', fromTypedArray(offsets, [offsets.length]));
}

/**
 * Writes what waits to be trained on as safetensors, each micro-batch once however many passes over it remain.
 * Writes nothing where nothing waits.
 */
export function writePendingBatches(file: string, pending: readonly PendingBatch[]): void {
  if (pending.length === 0) return;
  const micros = [...new Set(pending.map(({ sequences }) => sequences))];
  tidy(() => {
    const tensors = flatten(micros.flat());
    tensors.set('micro_sizes', integers(micros.map(({ length }) => length)));
    tensors.set('order', integers(pending.map(({ sequences }) => micros.indexOf(sequences))));
    tensors.set('token_shares', reals(pending.map(({ tokenShare }) => tokenShare)));
    writeSafetensors(file, tensors);
  });
}

/**
 * Reads a file of `writePendingBatches`.
 * @param count - What its checkpoint says is waiting: without a file, 0.
 * @throws CheckpointError when the file holds another number of micro-batches.
 */
export function readPendingBatches(file: string, count: unknown): PendingBatch[] {
  const pending = existsSync(file) ? readAll(file) : [];
  if (pending.length !== count)
    throw new CheckpointError(
      `${file}: holds ${pending.length} waiting micro-batches and its checkpoint counts ${typeof count === 'number' ? count : 'them as another version of Laurel did'}; resume from another checkpoint`,
    );
  return pending;
}

function readAll(file: string): PendingBatch[] {
  return tidy(() => {
    const stored = readSafetensors(file);
    const sequences = unflatten(stored);
    let start = 0;
    const micros = numbers(stored, 'micro_sizes').map((size) => {
      start += size;
      return sequences.slice(start - size, start);
    });
    const tokenShares = numbers(stored, 'token_shares');
    return numbers(stored, 'order').map((micro, i) => ({
      sequences: micros[micro]!,
      tokenShare: tokenShares[i]!,
    }));
  });
}

const arrayOf = (stored: SafetensorsFile, name: string): NumericArray =>
  stored.tensor(name).toTypedArray();
const numbers = (stored: SafetensorsFile, name: string): number[] =>
  Array.from(arrayOf(stored, name), Number);

function unflatten(stored: SafetensorsFile): TrainSequence[] {
  const tokens = numbers(stored, 'tokens');
  const promptLengths = numbers(stored, 'prompt_lengths');
  const present = Object.entries(columns).filter(([name]) => stored.names.includes(name));
  const values = present.map(([name, field]) => [field, numbers(stored, name)] as const);
  const setsFrom = keptReader(stored);
  const originOf = originReader(stored);
  let [tokenAt, regionAt] = [0, 0];
  return numbers(stored, 'lengths').map((length, i) => {
    const promptLength = promptLengths[i]!;
    const region = [regionAt, regionAt + length - promptLength] as const;
    const start = tokenAt;
    tokenAt += length;
    regionAt = region[1];
    const fields = values.map(([field, column]) => [field, column.slice(...region)] as const);
    return {
      tokens: tokens.slice(start, tokenAt),
      promptLength,
      ...(Object.fromEntries(fields) as Record<Column, number[]>),
      ...setsFrom(...region),
      ...originOf(i),
    };
  });
}

/** Where a sequence was sampled, where that is known. */
function originReader(stored: SafetensorsFile): (index: number) => Pick<TrainSequence, 'origin'> {
  if (!stored.names.includes('origin_steps')) return () => ({});
  const steps = numbers(stored, 'origin_steps');
  const completions = numbers(stored, 'origin_completions');
  return (i) => ({ origin: { step: steps[i]!, completion: completions[i]! } });
}

/** The kept sets of some tokens, where there are any. */
function keptReader(
  stored: SafetensorsFile,
): (from: number, to: number) => Pick<TrainSequence, 'keptTokens'> {
  if (!stored.names.includes('kept_ids')) return () => ({});
  const ids = arrayOf(stored, 'kept_ids') as Int32Array;
  const offsets = arrayOf(stored, 'kept_offsets') as Int32Array;
  return (from, to) => {
    const own = offsets.slice(from, to + 1).map((offset) => offset - offsets[from]!);
    const kept = ids.slice(offsets[from], offsets[to]);
    return { keptTokens: { ids: kept, starts: own.slice(0, -1), ends: own.slice(1) } };
  };
}
