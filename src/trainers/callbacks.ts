import { ConfigError } from '../errors.ts';
import type { Metrics } from '../metrics/index.ts';
import type { CallbackContext, StopRequest, TrainerCallback } from './trainer-callback.ts';

/** What each callback of a run logged, in order. */
export interface CallbackResult {
  readonly name: string;
  readonly metrics: Metrics;
}

/** The callbacks of a run, as one. */
export class Callbacks {
  readonly #all: readonly TrainerCallback[];

  /** @throws ConfigError for two of one name: their states would be one. */
  constructor(all: readonly TrainerCallback[]) {
    const names = all.map(({ name }) => name);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined)
      throw new ConfigError(`callbacks: two are called ${twice}; give each a name of its own`);
    this.#all = all;
  }

  isDue(step: number, totalSteps: number): boolean {
    return this.#all.some((callback) => callback.isDue(step, totalSteps));
  }

  /** Runs those that are due, one after the other; `onResult` is called after each. */
  async run(
    context: CallbackContext,
    totalSteps: number,
    onResult: (result: CallbackResult) => Promise<void>,
  ): Promise<void> {
    for (const callback of this.#all) {
      if (!callback.isDue(context.step, totalSteps)) continue;
      await onResult({ name: callback.name, metrics: await callback.run(context) });
    }
  }

  state(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(this.#all.map((callback) => [callback.name, callback.state?.()]));
  }

  /** Callbacks that the checkpoint does not know start anew. */
  restore(saved: Readonly<Record<string, unknown>>, warn: (message: string) => void): void {
    for (const callback of this.#all) {
      const state = saved[callback.name];
      if (state !== undefined) callback.restore?.(state, warn);
    }
  }

  /** The first wish to stop. */
  stopRequest(): StopRequest | undefined {
    for (const callback of this.#all) {
      const request = callback.stopRequest?.();
      if (request !== undefined) return request;
    }
    return undefined;
  }

  keeps(saved: readonly number[]): number[] {
    return this.#all.flatMap((callback) => callback.keeps?.(saved) ?? []);
  }
}
