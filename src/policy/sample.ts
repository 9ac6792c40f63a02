import { setImmediate as nextTurn } from 'node:timers/promises';
import { ConfigError } from '../errors.ts';
import { type Model, mergedForReading } from '../models/index.ts';
import { type Generator, noGrad, type Tensor, tidy } from '../tensor/index.ts';
import type { Tokenizer } from '../tokenizers/index.ts';
import type { Rollout } from '../types.ts';
import { DecodeState } from './decode-state.ts';
import { draw } from './draw.ts';
import { Row } from './row.ts';
import type { ResolvedSampling } from './sampling-options.ts';
import { SeenTokens } from './seen-tokens.ts';

/** Decode steps between turns of the event loop. */
const STEPS_PER_TURN = 16;

/** Share of finished rows at which the cache is compacted: copying it costs about two decode steps. */
const COMPACT_AT = 0.125;

export interface SampleRequest {
  readonly model: Model;
  readonly tokenizer: Tokenizer;
  /** Token ids of each prompt; lengths may differ. */
  readonly prompts: readonly (readonly number[])[];
  /** G completions of each prompt. */
  readonly groupSize: number;
  readonly sampling: ResolvedSampling;
  readonly generator: Generator;
  readonly signal?: AbortSignal;
  /** Called after each decode step with the number of tokens it drew; those that a constraint leaves no choice of are not drawn. */
  readonly onTokens?: (count: number) => void;
}

/** @throws ConfigError when a prompt is empty, or leaves the model's context no room for the completion. */
export function assertRoomForCompletions({ prompts, sampling, model }: SampleRequest): void {
  const context = model.config.maxPositionEmbeddings;
  for (const [index, prompt] of prompts.entries()) {
    if (prompt.length === 0)
      throw new ConfigError(
        `prompt ${index} has no tokens; a policy needs at least one to continue from`,
      );
    if (prompt.length + sampling.maxCompletionLength > context) {
      const advice =
        prompt.length < context
          ? `Set max_completion_length to at most ${context - prompt.length}, or drop the row.`
          : `Shorten the prompt to less than ${context} tokens, or drop the row.`;
      throw new ConfigError(
        `prompt ${index} has ${prompt.length} tokens; with max_completion_length ${sampling.maxCompletionLength} it exceeds the model's context of ${context}. ${advice}`,
      );
    }
  }
}

/**
 * Draws G completions of each prompt, all prompts side by side. Each prompt is read once and its cache repeated to
 * its G rows; finished rows are dropped. Yields to the event loop as it goes.
 * Company changes no log-probability (beyond rounding) and no greedy completion, but it changes random ones: all rows
 * draw from one generator in turn, as in transformers, so the same seed gives a prompt other completions alone than
 * beside others.
 * @returns [P][G], in order.
 * @throws ConfigError when a prompt is empty or too long; the signal's reason once it is aborted.
 */
export async function sampleCompletions(request: SampleRequest): Promise<Rollout[][]> {
  assertRoomForCompletions(request);
  const { prompts, groupSize, tokenizer, sampling } = request;
  if (prompts.length === 0) return [];
  const rows = prompts.flatMap((prompt) =>
    Array.from({ length: groupSize }, () => new Row(prompt, tokenizer, sampling.stopStrings)),
  );
  await decode(request, rows);
  return prompts.map((_, p) =>
    rows.slice(p * groupSize, (p + 1) * groupSize).map((row) => row.finish()),
  );
}

async function decode(request: SampleRequest, rows: readonly Row[]): Promise<void> {
  const { tokenizer, prompts, groupSize, sampling, signal } = request;
  using merged = mergedForReading(request.model);
  const { model } = merged;
  const endings = new Set([
    tokenizer.eosTokenId,
    ...model.config.eosTokenIds,
    ...sampling.stopTokens,
  ]);
  using state = new DecodeState(model, prompts, sampling.maxCompletionLength, tokenizer.padTokenId);
  using seen = sampling.repetitionPenalty === 1 ? undefined : SeenTokens.of(model, rows);
  // Rows of the cache, in its order; finished ones linger until the next compaction.
  let live = rows;
  for (let step = 0; step < sampling.maxCompletionLength; step++) {
    if (step % STEPS_PER_TURN === 0) await nextTurn();
    signal?.throwIfAborted();
    const drew = live.filter((row) => !row.stopped).length;
    noGrad(() =>
      tidy(() => {
        const logits = step === 0 ? state.prefill(groupSize) : state.next(live.map(lastToken));
        drawInto(live, logits, { ...request, endings, seen });
      }),
    );
    const going = live.flatMap((row, position) => (row.stopped ? [] : [position]));
    request.onTokens?.(drew);
    if (going.length === 0) break;
    if (going.length <= live.length * (1 - COMPACT_AT)) {
      state.selectRows(going);
      seen?.selectRows(going);
      live = going.map((position) => live[position]!);
    }
  }
}

const lastToken = ({ tokens }: Row): number => tokens[tokens.length - 1]!;

interface Drawing extends SampleRequest {
  readonly endings: ReadonlySet<number>;
  readonly seen: SeenTokens | undefined;
}

function drawInto(live: readonly Row[], logits: Tensor, drawing: Drawing): void {
  const { sampling, generator, endings, seen } = drawing;
  const { tokens, logprobs, keptTokens } = draw(logits, sampling, generator, seen?.mask);
  seen?.add(tokens);
  for (const [position, row] of live.entries()) {
    if (row.stopped) continue;
    row.push(tokens[position]!, logprobs[position]!, keptTokens?.[position], endings);
  }
}
