import { namedRewards, trainRecommenderByReward } from '../../../papers/rere/index.ts';
import { grpoOptions } from '../../../trainers/config/index.ts';
import { runGenerative, trainerOptions } from './generative-run.ts';
import { type RereConfig, rereConfig } from './rere-config.ts';
import { trainMethod } from './train-method.ts';

/** `--method rere` */
export const rereMethod = trainMethod<RereConfig>(rereConfig, (config, data, hooks) =>
  runGenerative(config, data, (model, further) => {
    const { sampler, lastCompletion, promptsPerStep, groupSize, promptsPerMicroBatch } = config;
    const { logprobDistribution, reward, vectors, scorer, ...others } = config;
    return trainRecommenderByReward({
      ...trainerOptions(others as never, grpoOptions, hooks),
      ...(logprobDistribution !== null && { logprobDistribution }),
      ...model,
      ...further,
      sampler,
      lastCompletion,
      promptsPerStep,
      groupSize,
      ...(promptsPerMicroBatch !== null && { promptsPerMicroBatch }),
      reward: namedRewards(reward, {
        items: data.items,
        language: model.language,
        vectors,
        scorer,
      }),
    });
  }),
);
