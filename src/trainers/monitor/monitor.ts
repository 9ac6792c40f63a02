import { purposeSeed } from '../../data/index.ts';
import type { Metrics } from '../../metrics/index.ts';
import type { Policy } from '../../policy/index.ts';
import { collectRollouts } from '../../rollouts/index.ts';
import { Generator } from '../../tensor/index.ts';
import type { RolloutGroup } from '../../types.ts';
import type { CallbackContext, StopRequest, TrainerCallback } from '../trainer-callback.ts';
import { measureCompletions } from './measure-completions.ts';
import { measurePairs } from './measure-pairs.ts';
import {
  type MonitorSettings,
  type ResolvedMonitor,
  resolveMonitor,
  settingsOf,
} from './monitor-settings.ts';
import { type MonitorState, settingChanges } from './monitor-state.ts';
import type { TurnDetector, TurningPoint } from './turn-detector.ts';
import { WinMeter, type WinOptions } from './win-meter.ts';

/** What a monitor measures, and what becomes of it. */
export interface MonitorOptions extends MonitorSettings {
  /** Adds win probability against a reference generator. */
  readonly win?: WinOptions;
  /** Reads turning points off the measurements; each is told once. */
  // biome-ignore lint/suspicious/noExplicitAny: a detector's state is its own
  readonly detector?: TurnDetector<any>;
  /** Sees each measurement, with the completions it was made of. */
  readonly onMeasured?: (step: number, metrics: Metrics, groups: readonly RolloutGroup[]) => void;
}

/**
 * A callback that looks at held-out prompts and pairs every so many steps: likelihoods, entropy and mass of the likeliest
 * tokens, diversity, length and, where there is a reward, win probability. Completions are drawn from the same seed each
 * time, apart from the trainer's own randomness. With a detector it tells of turning points, keeps the checkpoint at or
 * before each, and can end the run there.
 * @throws ConfigError for prompts that leave no room for a completion, or neither prompts nor pairs.
 */
export function monitor(policy: Policy, options: MonitorOptions): TrainerCallback {
  return new Monitor(policy, options);
}

class Monitor implements TrainerCallback {
  readonly name = 'monitor';
  readonly #policy: Policy;
  readonly #options: MonitorOptions;
  readonly #settings: ResolvedMonitor;
  readonly #winMeter: WinMeter | undefined;
  #state: MonitorState;

  constructor(policy: Policy, options: MonitorOptions) {
    this.#policy = policy;
    this.#options = options;
    this.#settings = resolveMonitor(policy, options);
    const { prompts, groupSize, sampling, seed } = this.#settings;
    const { win, detector } = options;
    this.#winMeter = win && new WinMeter(policy, win, { prompts, groupSize, sampling, seed });
    this.#state = {
      lastStep: -1,
      detector: detector?.initial ?? null,
      turns: [],
      settings: settingsOf(this.#settings),
    };
  }

  isDue(step: number, totalSteps: number): boolean {
    const { steps } = this.#settings;
    const interval = steps < 1 ? Math.max(1, Math.ceil(steps * totalSteps)) : steps;
    return step % interval === 0 && step !== this.#state.lastStep;
  }

  async run(context: CallbackContext): Promise<Metrics> {
    const startedAt = performance.now();
    context.phase('monitoring');
    const { measured, groups } = await this.#measure(context);
    const seconds = (performance.now() - startedAt) / 1000;
    const found = this.#detect(context, measured);
    const metrics = { ...measured, ...found, 'monitor/runtime': seconds };
    this.#options.onMeasured?.(context.step, metrics, groups);
    return metrics;
  }

  async #measure(
    context: CallbackContext,
  ): Promise<{ measured: Metrics; groups: readonly RolloutGroup[] }> {
    const { pairs, batchSize, prompts } = this.#settings;
    const { signal } = context;
    const ofPairs = await measurePairs(this.#policy, pairs, { batchSize, signal });
    if (prompts.length === 0) return { measured: ofPairs, groups: [] };
    const groups = await this.#draw(signal);
    const ofCompletions = await measureCompletions(this.#policy, groups, {
      ...this.#settings,
      signal,
    });
    const ofWins = await this.#winMeter?.measure(groups, context);
    return { measured: { ...ofPairs, ...ofCompletions, ...ofWins }, groups };
  }

  #draw(signal: AbortSignal): Promise<RolloutGroup[]> {
    const { prompts, seed, groupSize, sampling, batchRows } = this.#settings;
    const generator = new Generator(purposeSeed(seed, 'monitor'));
    return collectRollouts(this.#policy, prompts, {
      ...{ groupSize, sampling, batchRows, generator, signal },
    });
  }

  #detect({ step, warn }: CallbackContext, metrics: Metrics): Metrics {
    const { detector } = this.#options;
    this.#state = { ...this.#state, lastStep: step };
    if (detector === undefined) return {};
    const found = detector.advance(this.#state.detector, { step, metrics });
    const { state, turns } = found;
    this.#state = { ...this.#state, detector: state, turns: [...this.#state.turns, ...turns] };
    for (const { indicator, message } of turns) warn(message, indicator);
    return found.metrics;
  }

  state(): MonitorState {
    return this.#state;
  }

  restore(saved: unknown, warn: (message: string) => void): void {
    const { settings } = this.#state;
    const state = saved as MonitorState;
    const changed = settingChanges(state.settings, settings);
    if (changed.length > 0)
      warn(`resuming with another monitor than the run was started with (${changed.join('; ')})`);
    this.#state = { ...state, settings };
  }

  stopRequest(): StopRequest | undefined {
    const [first] = this.#firstTurns();
    if (!this.#settings.stopsEarly || first === undefined) return undefined;
    return { reason: first.message, bestStep: first.step };
  }

  /** Those told first, the earliest first. */
  #firstTurns(): TurningPoint[] {
    const { turns } = this.#state;
    return turns
      .filter(({ seenAt }) => seenAt === turns[0]!.seenAt)
      .sort((left, right) => left.step - right.step);
  }

  keeps(saved: readonly number[]): readonly number[] {
    const { detector } = this.#options;
    if (detector === undefined) return [];
    const told = this.#state.turns.map(({ step }) => step);
    const steps = [...told, ...detector.candidates(this.#state.detector)];
    return steps.flatMap((turn) => saved.findLast((step) => step <= turn) ?? []);
  }
}
