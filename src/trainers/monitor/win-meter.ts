import { purposeSeed } from '../../data/index.ts';
import { ConfigError, DataError } from '../../errors.ts';
import { type Metrics, type PromptRewards, winProbability } from '../../metrics/index.ts';
import type { Policy, ResolvedSampling } from '../../policy/index.ts';
import type { RewardFailures, RewardLike } from '../../rewards/index.ts';
import { collectRollouts } from '../../rollouts/index.ts';
import { Generator } from '../../tensor/index.ts';
import type { Prompt, RolloutGroup } from '../../types.ts';
import { scoreSafely } from '../score-safely.ts';
import type { CallbackContext } from '../trainer-callback.ts';
import { meanOfKnown } from './mean.ts';
import {
  givenCompletions,
  readReferenceCompletions,
  referenceKey,
  writeReferenceCompletions,
} from './reference-completions.ts';

/** Against whom the policy's completions compete, and who judges. */
export interface WinOptions {
  /** What a completion is worth, in nats as Bradley and Terry have it: a trained reward model, or any reward. */
  readonly reward: RewardLike;
  /** The reference generator's completions of each prompt. Drawn once from `reference` unless given. [P][G]. */
  readonly completions?: readonly (readonly string[])[];
  /** The reference generator; the policy as it is before the first step unless given. A function is called when needed. */
  readonly reference?: Policy | (() => Policy | Promise<Policy>);
  /** Time limit of one call of the reward. */
  readonly timeoutMs?: number;
}

interface Drawing {
  readonly prompts: readonly Prompt[];
  readonly groupSize: number;
  readonly sampling: ResolvedSampling;
  readonly seed: number;
}

/** Compares completions with a reference generator's, whose own are drawn once, kept beside the run and scored once. */
export class WinMeter {
  readonly #policy: Policy;
  readonly #options: WinOptions;
  readonly #drawing: Drawing;
  #against: PromptRewards | undefined;
  #hasWarned = false;

  /** @throws ConfigError when completions are given for another number of prompts. */
  constructor(policy: Policy, options: WinOptions, drawing: Drawing) {
    const { completions } = options;
    const prompts = drawing.prompts.length;
    if (completions !== undefined && completions.length !== prompts)
      throw new ConfigError(
        `monitor: the reference generator's completions are of ${completions.length} prompts, and the monitor has ${prompts}; give a list for each prompt`,
      );
    this.#policy = policy;
    this.#options = options;
    this.#drawing = drawing;
  }

  /** Win probability of these completions, and their mean reward. */
  async measure(groups: readonly RolloutGroup[], context: CallbackContext): Promise<Metrics> {
    this.#against ??= await this.#score(await this.#reference(context), context);
    const rewards = await this.#score(groups, context);
    return {
      'monitor/win_probability': winProbability(rewards, this.#against),
      'monitor/reward': meanOfKnown(rewards.flat()),
    };
  }

  async #score(
    groups: readonly RolloutGroup[],
    { signal, warn }: CallbackContext,
  ): Promise<PromptRewards> {
    const { reward, timeoutMs } = this.#options;
    const options = { signal, ...(timeoutMs !== undefined && { timeoutMs }) };
    const { totals, failures, unscoredCount } = await scoreSafely(groups, reward, options);
    if (unscoredCount > 0 && !this.#hasWarned) {
      this.#hasWarned = true;
      const [{ name, firstError = 'it does not apply to them' }] = failures as [RewardFailures];
      warn(
        `monitor: ${name} gave ${unscoredCount} of ${totals.flat().length} completions no reward, and win probability leaves them out: ${firstError}`,
      );
    }
    return totals;
  }

  async #reference(context: CallbackContext): Promise<RolloutGroup[]> {
    const { completions } = this.#options;
    const { prompts, groupSize, sampling, seed } = this.#drawing;
    if (completions !== undefined)
      return givenCompletions(prompts, completions, this.#policy.tokenizer);
    const key = referenceKey(prompts, { groupSize, sampling, seed });
    const kept = readReferenceCompletions(context.folder, key, prompts);
    if (kept === 'damaged')
      context.warn(
        `${context.folder}/monitor-reference.json is damaged; the reference generator's completions are drawn anew`,
      );
    else if (kept !== undefined) return kept;
    const groups = await this.#draw(await this.#generator(context), context);
    writeReferenceCompletions(context.folder, key, groups);
    return groups;
  }

  /** @throws DataError where the policy is no longer the reference and no other was given. */
  async #generator({ step, folder }: CallbackContext): Promise<Policy> {
    const { reference } = this.#options;
    if (reference !== undefined)
      return typeof reference === 'function' ? await reference() : reference;
    if (step === 0) return this.#policy;
    throw new DataError(
      `${folder}/monitor-reference.json: the reference generator's completions are missing, and at step ${step} the policy is no longer what it was; copy the file again, or give the monitor a reference`,
    );
  }

  #draw(policy: Policy, { signal, phase }: CallbackContext): Promise<RolloutGroup[]> {
    const { prompts, groupSize, sampling, seed } = this.#drawing;
    phase('drawing from the reference');
    const generator = new Generator(purposeSeed(seed, 'monitor reference'));
    return collectRollouts(policy, prompts, { groupSize, sampling, generator, signal });
  }
}
