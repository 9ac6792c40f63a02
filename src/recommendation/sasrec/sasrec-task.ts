import { type CursorState, DatasetCursor, purposeSeed } from '../../data/index.ts';
import type { Metrics } from '../../metrics/index.ts';
import { dropoutAt } from '../../models/index.ts';
import { adamW, decayGroups } from '../../optim/index.ts';
import { optimiserStep, stepSeed } from '../../policy/index.ts';
import {
  type OwnKeeper,
  rowsFingerprint,
  type StepContext,
  type StepOutcome,
  type TrainingTask,
} from '../../trainers/index.ts';
import { estimate, hitRate, ndcg } from '../ranking-metrics.ts';
import type { NextItem } from '../types.ts';
import { sasrecRanks } from './measure-ranks.ts';
import { restoreSasrec, saveSasrec } from './sasrec-folder.ts';
import { sasrecGradients } from './sasrec-gradients.ts';
import type { SasrecModel } from './sasrec-model.ts';
import type { SasrecOptions } from './sasrec-options.ts';
import type { SasrecRow } from './sasrec-rows.ts';

export interface SasrecParts {
  readonly model: SasrecModel;
  readonly rows: readonly SasrecRow[];
  readonly valid: readonly NextItem[];
  readonly options: SasrecOptions;
}

/** How the loop keeps a model. */
const keeperOf = (model: SasrecModel): OwnKeeper => ({
  device: 'cpu',
  save: (folder) => saveSasrec(folder, model),
  restore: (folder) => restoreSasrec(model, folder),
});

/** Trains SASRec user by user, and watches NDCG@10 on validation. */
export class SasrecTask implements TrainingTask {
  readonly learner;
  readonly rows: string;
  readonly #parts: SasrecParts;
  #cursor: DatasetCursor;

  constructor(parts: SasrecParts) {
    const { model, rows, options } = parts;
    this.#parts = parts;
    const optimizer = adamW(decayGroups(model.weights, options.weightDecay));
    this.learner = { policy: keeperOf(model), optimizer, maxGradNorm: 0 };
    this.rows = rowsFingerprint(rows.flatMap(({ items, targets }) => [items, targets]));
    this.#cursor = this.#cursorAt();
  }

  #cursorAt(state?: CursorState): DatasetCursor {
    const { rows, options } = this.#parts;
    const order = { seed: options.seed, atEpochEnd: 'short' } as const;
    return new DatasetCursor(rows.length, { ...order, ...(state && { state }) });
  }

  async step({ learningRate, signal, phase }: StepContext): Promise<StepOutcome> {
    const { model, rows, options } = this.#parts;
    phase('training');
    const taken = this.#cursor.take(options.batchSize).map((row) => rows[row]!);
    const seed = stepSeed(
      purposeSeed(options.seed, 'dropout'),
      this.learner.optimizer.stepCount,
      0,
    )!;
    const dropped = dropoutAt(0, { share: options.dropout, passSeed: seed });
    const work = () => ({ loss: sasrecGradients(model, taken, dropped), statistics: {} });
    const result = await optimiserStep(this.learner, [taken], work, { learningRate, signal });
    return {
      metrics: { loss: result.loss, grad_norm: result.gradNorm },
      tokens: taken.reduce((sum, { items }) => sum + items.length, 0),
      epoch: this.#cursor.epochs,
      nonFinite: result.nonFinite,
    };
  }

  async evaluate({ signal }: Omit<StepContext, 'learningRate'>): Promise<Metrics> {
    const { model, valid } = this.#parts;
    const startedAt = performance.now();
    const ranks = await sasrecRanks(model, valid, signal);
    const mean = (measure: (rank: number, k: number) => number): number =>
      estimate(ranks.map((rank) => measure(rank, 10))).mean;
    const runtime = (performance.now() - startedAt) / 1000;
    return { 'ranking/hr_10': mean(hitRate), 'ranking/ndcg_10': mean(ndcg), runtime };
  }

  position(): Readonly<Record<string, unknown>> {
    return { cursor: this.#cursor.state() };
  }

  restore({ cursor }: Readonly<Record<string, unknown>>): void {
    this.#cursor = this.#cursorAt(cursor as CursorState);
  }
}
