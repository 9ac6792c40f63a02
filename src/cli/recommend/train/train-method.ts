import type { ConfigSchema } from '../../../config/index.ts';
import type { RecommendationData } from '../../../recommendation/index.ts';
import type { TrainerHooks, TrainResult } from '../../../trainers/index.ts';

/** What every method's configuration says. */
export interface MethodConfig {
  readonly method: string;
  readonly out: string;
}

/** A way of making a recommender. */
export interface TrainMethod {
  readonly schema: ConfigSchema;
  /**
   * Trains with a resolved configuration of `schema` and, unless interrupted, writes the recommender to its `out`.
   * @returns how its run ended; null where making it takes no run.
   */
  train(
    config: MethodConfig,
    data: RecommendationData,
    hooks: TrainerHooks,
  ): Promise<TrainResult | null>;
}

/** A method from parts that know their configuration. */
export const trainMethod = <Config extends MethodConfig>(
  schema: ConfigSchema,
  train: (
    config: Config,
    data: RecommendationData,
    hooks: TrainerHooks,
  ) => Promise<TrainResult | null>,
): TrainMethod => ({
  schema,
  train: (config, data, hooks) => train(config as Config, data, hooks),
});
