/** How many tries at a password there may be. */
export interface TryLimits {
  /** From one address, before it must wait. */
  readonly perAddress: number;
  /** From all addresses together, so that many of them gain nothing and scrypt never fills the processor. */
  readonly overall: number;
  readonly windowSeconds: number;
}

const usual: TryLimits = { perAddress: 5, overall: 30, windowSeconds: 60 };

/** Counts tries in a sliding window. A try is counted before it is judged, so that tries side by side gain nothing. */
export class TryLimit {
  readonly #limits: TryLimits;
  readonly #now: () => number;
  #tries: { readonly address: string; readonly at: number }[] = [];

  /** @param now - Seconds. */
  constructor(limits: Partial<TryLimits> = {}, now = () => performance.now() / 1000) {
    this.#limits = { ...usual, ...limits };
    this.#now = now;
  }

  /** Counts a try. @returns 0 where it may be judged, else the seconds to wait; what must wait is not counted. */
  take(address: string): number {
    const { perAddress, overall, windowSeconds } = this.#limits;
    const at = this.#now();
    this.#tries = this.#tries.filter((each) => each.at > at - windowSeconds);
    const own = this.#tries.filter((each) => each.address === address);
    const oldest = own.length >= perAddress ? own[0] : undefined;
    const blocking = oldest ?? (this.#tries.length >= overall ? this.#tries[0] : undefined);
    if (blocking !== undefined) return Math.ceil(blocking.at + windowSeconds - at);
    this.#tries.push({ address, at });
    return 0;
  }

  /** Forgets the tries of an address that knew the password. */
  succeed(address: string): void {
    this.#tries = this.#tries.filter((each) => each.address !== address);
  }
}
