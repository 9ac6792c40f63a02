import type { Advantages } from '../advantages/index.ts';
import type { TrainBatch } from '../batches/index.ts';
import { type TokenScores, topEntropyMask } from '../losses/index.ts';
import type { GroupScores } from '../rewards/index.ts';
import {
  type CompletionKind,
  type GroupRecord,
  isTokenStep,
  writeCompletions,
  writeTokens,
} from '../runs/index.ts';
import { noGrad, tidy } from '../tensor/index.ts';
import type { RolloutGroup } from '../types.ts';

/** Groups with their scores, and their advantages where they are trained on. */
export interface ScoredGroups {
  readonly groups: readonly RolloutGroup[];
  readonly scores: GroupScores;
  readonly advantages?: Advantages;
}

interface Place {
  readonly step: number;
  readonly folder: string;
}

interface Columns {
  offsets: number[];
  completionSteps: number[];
  completions: number[];
  promptLengths: number[];
  positions: number[];
  tokenIds: number[];
  logprobs: number[];
  entropies: number[];
  advantages: number[];
  ratios: number[];
  trainedMask: number[];
}

const emptyColumns = (): Columns => ({
  offsets: [0],
  completionSteps: [],
  completions: [],
  promptLengths: [],
  positions: [],
  tokenIds: [],
  logprobs: [],
  entropies: [],
  advantages: [],
  ratios: [],
  trainedMask: [],
});

/** Without spreading: a call takes about 120,000 arguments at most. */
function append(column: number[], values: Iterable<number>): void {
  for (const value of values) column.push(value);
}

/** Writes down what the policy wrote: every completion, and for some steps every trained token. */
export class RecordKeeper {
  readonly #rate: number;
  readonly #topEntropyShare: number;
  #columns = emptyColumns();
  /** The training groups of the step at hand, which may sample several times. */
  #groups: { step: number; records: GroupRecord[] } = { step: -1, records: [] };

  /**
   * @param rate - Share of steps whose tokens are stored.
   * @param topEntropyShare - Share of tokens that the loss acts on.
   */
  constructor(rate: number, topEntropyShare = 1) {
    this.#rate = rate;
    this.#topEntropyShare = topEntropyShare;
  }

  writeCompletions(
    { step, folder }: Place,
    scored: ScoredGroups,
    kind: CompletionKind = 'train',
  ): void {
    const records = groupRecords(step, scored);
    if (kind === 'eval') {
      writeCompletions(folder, step, records, kind);
      return;
    }
    const earlier = this.#groups.step === step ? this.#groups.records : [];
    this.#groups = { step, records: [...earlier, ...records] };
    writeCompletions(folder, step, this.#groups.records, kind);
  }

  /** How many training completions of a step have been written. */
  completionCount(step: number): number {
    if (this.#groups.step !== step) return 0;
    return this.#groups.records.reduce((sum, { completions }) => sum + completions.length, 0);
  }

  /** Adds a micro-batch's tokens where this step's are stored. */
  addTokens(step: number, scores: TokenScores, batch: TrainBatch): void {
    if (isTokenStep(step, this.#rate)) noGrad(() => tidy(() => this.#add(scores, batch)));
  }

  #add(
    { logprobs, entropy }: TokenScores,
    { sequences, targets, slots, completionMask, offeredMask, ...batch }: TrainBatch,
  ): void {
    const { oldLogprobs, advantages } = batch;
    const columns = this.#columns;
    const regionLength = completionMask.shape[1]!;
    const trained = (values: typeof logprobs | undefined) =>
      values?.detach().reshape([-1]).indexSelect(0, slots).toArray() ?? [];
    const now = trained(logprobs);
    const sampled = oldLogprobs === undefined ? now : trained(oldLogprobs);
    const filters = this.#topEntropyShare < 1 && entropy !== undefined;
    const acting = filters
      ? topEntropyMask(entropy, completionMask, this.#topEntropyShare).to({ dtype: 'float32' })
      : completionMask;
    for (const { origin, promptLength } of sequences) {
      columns.completionSteps.push(origin?.step ?? -1);
      columns.completions.push(origin?.completion ?? -1);
      columns.promptLengths.push(promptLength);
    }
    append(
      columns.positions,
      slots.toArray().map((slot) => slot % regionLength),
    );
    append(columns.tokenIds, targets.toArray());
    append(columns.logprobs, sampled);
    append(columns.entropies, trained(entropy));
    append(columns.advantages, trained(advantages));
    append(
      columns.ratios,
      now.map((value, i) => Math.exp(value - sampled[i]!)),
    );
    append(columns.trainedMask, trained(acting));
    for (const count of (offeredMask ?? completionMask).sum(-1).toArray())
      columns.offsets.push(columns.offsets.at(-1)! + count);
  }

  /** Stores the tokens added since the last step, where there are any. */
  writeTokens({ step, folder }: Place): void {
    if (this.#columns.tokenIds.length > 0) writeTokens(folder, step, this.#columns);
    this.#columns = emptyColumns();
  }
}

function groupRecords(step: number, { groups, scores, advantages }: ScoredGroups): GroupRecord[] {
  return groups.map(({ prompt, rollouts }, p) => ({
    step,
    example: prompt.example.index,
    prompt: prompt.text,
    completions: rollouts.map(({ text, finishReason, tokens }, g) => ({
      text,
      finish_reason: finishReason,
      length: tokens.length,
      reward: scores.totals[p]![g]!,
      rewards: Object.fromEntries(scores.names.map((name, k) => [name, scores.values[p]![g]![k]!])),
      advantage: advantages?.advantages[p]?.[g] ?? null,
    })),
  }));
}
