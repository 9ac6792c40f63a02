import type { Advantages } from '../advantages/index.ts';
import type { TrainBatch } from '../batches/index.ts';
import type { TokenScores } from '../losses/index.ts';
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
  tokenIds: number[];
  logprobs: number[];
  entropies: number[];
  advantages: number[];
  ratios: number[];
  trainedMask: number[];
}

const emptyColumns = (): Columns => ({
  offsets: [0],
  tokenIds: [],
  logprobs: [],
  entropies: [],
  advantages: [],
  ratios: [],
  trainedMask: [],
});

/** Writes down what the policy wrote: every completion, and for some steps every trained token. */
export class RecordKeeper {
  readonly #rate: number;
  #columns = emptyColumns();

  /** @param rate - Share of steps whose tokens are stored. */
  constructor(rate: number) {
    this.#rate = rate;
  }

  writeCompletions(
    { step, folder }: Place,
    scored: ScoredGroups,
    kind: CompletionKind = 'train',
  ): void {
    writeCompletions(folder, step, groupRecords(step, scored), kind);
  }

  /** Adds a micro-batch's tokens where this step's are stored. */
  addTokens(step: number, scores: TokenScores, batch: TrainBatch): void {
    if (isTokenStep(step, this.#rate)) noGrad(() => tidy(() => this.#add(scores, batch)));
  }

  #add(
    { logprobs, entropy }: TokenScores,
    { targets, slots, completionMask, oldLogprobs, advantages }: TrainBatch,
  ): void {
    const columns = this.#columns;
    const trained = (values: typeof logprobs | undefined) =>
      values?.detach().reshape([-1]).indexSelect(0, slots).toArray() ?? [];
    const now = trained(logprobs);
    const sampled = oldLogprobs === undefined ? now : trained(oldLogprobs);
    columns.tokenIds.push(...targets.toArray());
    columns.logprobs.push(...sampled);
    columns.entropies.push(...trained(entropy));
    columns.advantages.push(...trained(advantages));
    columns.ratios.push(...now.map((value, i) => Math.exp(value - sampled[i]!)));
    columns.trainedMask.push(...now.map(() => 1));
    for (const count of completionMask.sum(-1).toArray())
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
