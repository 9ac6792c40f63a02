import type { Metrics } from '../../../metrics/index.ts';
import type { OnTrainerEvent } from '../../../trainers/index.ts';
import type { CellContext } from '../../runner/reproduction.ts';

/** What validation found at a step of training. */
export interface CurvePoint {
  readonly step: number;
  readonly ndcg: number;
  readonly hitRate: number;
}

/** A metric of groups, step by step. */
export type GroupSeries = Readonly<Record<string, readonly number[]>>;

const groupKeys = {
  signalRate: 'rollout/signal_rate',
  hitRate: 'rollout/hit_rate',
  groupDiversity: 'rollout/group_diversity',
  tokenDiversity: 'rollout/token_diversity',
} as const;

const rounded = (value: number): number => Number(value.toPrecision(6));

/** Gathers what a training run tells, for its cell. */
export class TrainingCurve {
  readonly points: CurvePoint[] = [];
  readonly groups: Record<keyof typeof groupKeys, number[]> = {
    signalRate: [],
    hitRate: [],
    groupDiversity: [],
    tokenDiversity: [],
  };
  readonly #report: CellContext['report'];

  constructor(report: CellContext['report']) {
    this.#report = report;
  }

  readonly onEvent: OnTrainerEvent = (event) => {
    if (event.type === 'evaluation-end') this.#evaluated(event.step, event.metrics);
    if (event.type === 'step-end') this.#stepped(event.step, event.metrics);
  };

  #evaluated(step: number, metrics: Metrics): void {
    const [ndcg, hitRate] = [metrics['eval_ranking/ndcg_10'], metrics['eval_ranking/hr_10']];
    if (typeof ndcg !== 'number' || typeof hitRate !== 'number') return;
    this.points.push({ step, ndcg: rounded(ndcg), hitRate: rounded(hitRate) });
    this.#report(`step ${step}, validation NDCG@10 ${ndcg.toFixed(4)}`);
  }

  #stepped(step: number, metrics: Metrics): void {
    for (const [name, key] of Object.entries(groupKeys)) {
      const value = metrics[key];
      if (typeof value === 'number')
        this.groups[name as keyof typeof groupKeys].push(rounded(value));
    }
    if (step % 20 === 0) this.#report(`step ${step}`);
  }
}
