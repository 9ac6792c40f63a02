/** Independent draws along a constraint: every completion is one of its paths, in proportion to its probability. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ConfigError, RolloutError } from '../errors.ts';
import { mergedForReading } from '../models/index.ts';
import {
  assertRoomForCompletions,
  cutsVocabulary,
  type ResolvedSampling,
  type SampleRequest,
  type TokenConstraint,
} from '../policy/index.ts';
import { noGrad, rand, tidy } from '../tensor/index.ts';
import type { Rollout } from '../types.ts';
import { type BeamReader, openBeamReader } from './beam-reader.ts';
import { chooser } from './choose-token.ts';
import {
  type ConstrainedPath,
  emptyPath,
  extend,
  finished,
  rolloutOf,
} from './constrained-path.ts';

/** What is sampled, and which token may follow which. */
export type PathRequest = SampleRequest & { readonly constraint: TokenConstraint };

/** @throws ConfigError for options that a constraint leaves no room for. */
function assertConstrainable(sampling: ResolvedSampling, { maxTokens }: TokenConstraint): void {
  const { maxCompletionLength, repetitionPenalty, stopStrings } = sampling;
  if (maxCompletionLength < maxTokens) {
    throw new ConfigError(
      `max_completion_length: ${maxCompletionLength} cuts paths of the constraint, which have up to ${maxTokens} tokens; set it to ${maxTokens} or more`,
    );
  }
  if (cutsVocabulary(sampling) || repetitionPenalty !== 1 || stopStrings.length > 0) {
    throw new ConfigError(
      'a constraint decides what may be drawn: leave out top_k, top_p, min_p, repetition_penalty and stop_strings',
    );
  }
}

/** A path on its way, the row of the reader that it goes on from, and which completion it becomes. */
interface Going {
  readonly path: ConstrainedPath;
  readonly row: number;
  readonly completion: number;
}

/**
 * Draws G completions of each prompt, all prompts side by side, each token among those the constraint allows there.
 * Temperature 0 takes the likeliest, and reports its log-probability at temperature 1. Under `sampled` a completion is
 * whole as soon as one path is left.
 * @returns [P][G], in order.
 * @throws ConfigError for prompts or options that do not fit; RolloutError where the constraint gets stuck.
 */
export async function samplePaths(request: PathRequest): Promise<Rollout[][]> {
  const { prompts, groupSize, sampling, constraint, tokenizer } = request;
  assertRoomForCompletions(request);
  assertConstrainable(sampling, constraint);
  if (prompts.length === 0) return [];
  const paths = await drawPaths(request);
  return prompts.map((_, p) =>
    paths
      .slice(p * groupSize, (p + 1) * groupSize)
      .map((path) => rolloutOf(path, tokenizer, sampling.logprobDistribution)),
  );
}

async function drawPaths(request: PathRequest): Promise<ConstrainedPath[]> {
  const { model, prompts, groupSize, constraint, signal, onTokens } = request;
  using merged = mergedForReading(model);
  using reader = noGrad(() => openReader({ ...request, model: merged.model }));
  const whole: ConstrainedPath[] = [];
  let going: Going[] = prompts.flatMap((_, row) =>
    Array.from({ length: groupSize }, (_, k) => ({
      path: emptyPath(constraint),
      row,
      completion: row * groupSize + k,
    })),
  );
  while (going.length > 0) {
    await nextTurn();
    signal?.throwIfAborted();
    onTokens?.(going.length);
    // Nothing is returned, or every path would be looked through for tensors.
    noGrad(() =>
      tidy(() => {
        going = step(going, reader, request, whole);
      }),
    );
    if (going.length > 0) reader.selectRows(going.map(({ row }) => row));
    going = going.map((one, row) => ({ ...one, row }));
  }
  return whole;
}

const openReader = ({ model, prompts, tokenizer, sampling, constraint }: PathRequest): BeamReader =>
  openBeamReader(model, {
    prompts,
    maxTokens: constraint.maxTokens,
    padTokenId: tokenizer.padTokenId,
    temperature: sampling.temperature || 1,
    distribution: sampling.logprobDistribution === 'full' ? 'full' : 'constrained',
    firstTokens: constraint.allowed(constraint.start).length,
  });

/** Takes every path one token further; whole ones go to their places in `whole`. @returns those that go on. */
function step(
  going: readonly Going[],
  reader: BeamReader,
  request: PathRequest,
  whole: ConstrainedPath[],
): Going[] {
  const { constraint, generator, sampling } = request;
  // Before the first token, the completions of a prompt stand on one row.
  const rows = going.filter(({ row }, at) => row !== going[at - 1]?.row).map(({ path }) => path);
  const sets = rows.map((path) => allowedAfter(path, constraint));
  const isFirst = going[0]!.path.tokens.length === 0;
  const lastTokens = isFirst ? undefined : rows.map(({ tokens }) => tokens.at(-1)!);
  const choose = chooser(reader.score(lastTokens, sets), sampling.temperature);
  const uniform = rand([going.length], generator, { dtype: 'float64' }).toTypedArray();
  const isCertain = sampling.logprobDistribution === 'sampled';
  return going.flatMap(({ path, row, completion }, at) => {
    const next = extend(path, constraint, choose(row, Number(uniform[at])));
    const end = isCertain || constraint.isEnd(next.place) ? finished(next, constraint) : undefined;
    if (end === undefined) return [{ path: next, row, completion }];
    whole[completion] = end;
    return [];
  });
}

function allowedAfter({ place, tokens }: ConstrainedPath, constraint: TokenConstraint): Int32Array {
  const set = constraint.allowed(place);
  if (set.length > 0) return set;
  const path = tokens.join(', ');
  throw new RolloutError(`the constraint allows no token after [${path}] and is at no end`);
}
