/**
 * Beam search under a constraint. Every beam is a path of the constraint, so that all results are valid and distinct by
 * construction. A beam's score is the sum of its tokens' log-probabilities, without length penalty.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { RolloutError } from '../errors.ts';
import { mergedForReading, type PackedDecoder } from '../models/index.ts';
import type { ConstrainedDistribution, Policy, TokenConstraint } from '../policy/index.ts';
import { noGrad, tidy } from '../tensor/index.ts';
import { type BeamReader, openBeamReader } from './beam-reader.ts';
import { type ConstrainedPath, emptyPath, extend, finished } from './constrained-path.ts';
import { type Candidate, selectBest } from './select-best.ts';

export interface BeamSearchOptions {
  readonly constraint: TokenConstraint;
  /** W: beams kept, and the most results of a prompt. */
  readonly width: number;
  /** Results that are needed, the best ones; default: W. A beam that can be none of them any more is not gone on with. */
  readonly wanted?: number;
  /** Logits are divided by it. */
  readonly temperature?: number;
  /** What log-probabilities are of, both for the search and in its results. */
  readonly distribution?: ConstrainedDistribution;
  /** The model laid out for many searches while its weights stay as they are; made anew for each unless given. */
  readonly decoder?: PackedDecoder | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type Beam = ConstrainedPath;

/** One prompt's beams: whole ones, and those still going with their row in the cache. */
interface Search {
  readonly whole: readonly Beam[];
  readonly going: readonly Beam[];
  readonly rows: readonly number[];
}

/**
 * The W best completions of each prompt, best first; fewer where the constraint has fewer. Prompts are read once, side
 * by side. Of equal scores a whole beam wins, then the one whose beam came first, then the lower token id; under
 * `constrained` a beam is whole as soon as one path is left.
 * With W at least the number of paths it is exhaustive.
 * @returns [P][≤ W]
 * @throws RolloutError where a constraint gets stuck; ConfigError for prompts that do not fit.
 */
export async function beamSearch(
  { model: given, tokenizer }: Policy,
  prompts: readonly (readonly number[])[],
  { temperature = 1, decoder, signal, ...options }: BeamSearchOptions,
): Promise<Beam[][]> {
  if (prompts.length === 0) return [];
  const { constraint, width, wanted = width, distribution = 'full' } = options;
  using merged = mergedForReading(given);
  using reader = noGrad(() =>
    openBeamReader(merged.model, {
      prompts,
      maxTokens: constraint.maxTokens,
      padTokenId: tokenizer.padTokenId,
      decoder,
      temperature,
      distribution,
      firstTokens: constraint.allowed(constraint.start).length,
    }),
  );
  let searches: readonly Search[] = prompts.map((_, row) => ({
    whole: [],
    going: [emptyPath(constraint)],
    rows: [row],
  }));
  while (searches.some(({ going }) => going.length > 0)) {
    await nextTurn();
    signal?.throwIfAborted();
    // Nothing is returned, or every beam would be looked through for tensors.
    noGrad(() =>
      tidy(() => {
        searches = advance(searches, reader, { constraint, width, wanted, distribution });
      }),
    );
    const rows = searches.flatMap(({ rows: kept }) => kept);
    if (rows.length > 0) reader.selectRows(rows);
  }
  return searches.map(({ whole }) => whole.slice(0, wanted));
}

type Advance = Required<
  Pick<BeamSearchOptions, 'constraint' | 'width' | 'wanted' | 'distribution'>
>;

/** Takes every prompt's beams one token further. */
function advance(
  searches: readonly Search[],
  reader: BeamReader,
  { width, ...how }: Advance,
): Search[] {
  const beams = searches.flatMap(({ going }) => going);
  const allowed = beams.map(({ place }) => how.constraint.allowed(place));
  const stuck = allowed.findIndex(({ length }) => length === 0);
  if (stuck >= 0) {
    const path = beams[stuck]!.tokens.join(', ');
    throw new RolloutError(
      `beam search: the constraint allows no token after [${path}] and is at no end`,
    );
  }
  const isFirst = beams.every(({ tokens }) => tokens.length === 0);
  const lastTokens = isFirst ? undefined : beams.map(({ tokens }) => tokens.at(-1)!);
  const { values, offsets } = reader.score(lastTokens, allowed);
  let first = 0;
  return searches.map(({ whole, going }) => {
    const start = first;
    first += going.length;
    const sets = allowed.slice(start, first);
    const logprobs = values.subarray(offsets[start], offsets[first]);
    const best = selectBest({ whole, going, sets, logprobs, width });
    return split(best, { ...how, going, start });
  });
}

interface Place extends Omit<Advance, 'width'> {
  readonly going: readonly Beam[];
  /** Row of the first of `going`. */
  readonly start: number;
}

/** Chosen candidates as beams, whole ones apart. */
function split(best: readonly Candidate[], place: Place): Search {
  const { going, start, constraint, wanted, distribution } = place;
  const isCertain = distribution === 'constrained';
  const whole: Beam[] = [];
  const further: Beam[] = [];
  const rows: number[] = [];
  for (const candidate of best) {
    if ('beam' in candidate) {
      whole.push(candidate.beam);
      continue;
    }
    const { parent, index, logprob } = candidate;
    const beam = extend(going[parent]!, constraint, { index, logprob });
    const end = isCertain || constraint.isEnd(beam.place) ? finished(beam, constraint) : undefined;
    if (end !== undefined) whole.push(end);
    // Candidates come best first, and no token adds to a score: as many whole ones stay before this one.
    else if (whole.length < wanted) {
      further.push(beam);
      rows.push(start + parent);
    }
  }
  return { whole, going: further, rows };
}
