import { KeptRecorder } from '../batches/index.ts';
import type { Tokenizer } from '../tokenizers/index.ts';
import type { Rollout } from '../types.ts';
import { StopMatcher } from './stop-matcher.ts';

/** One completion on its way. */
export class Row {
  readonly prompt: readonly number[];
  readonly tokens: number[] = [];
  readonly logprobs: number[] = [];
  #kept: KeptRecorder | undefined;
  readonly #matcher: StopMatcher;
  stopped = false;

  constructor(prompt: readonly number[], tokenizer: Tokenizer, stopStrings: readonly string[]) {
    this.prompt = prompt;
    this.#matcher = new StopMatcher(tokenizer, stopStrings);
  }

  /** Takes a drawn token; `stopped` tells whether it ended the completion. */
  push(
    token: number,
    logprob: number,
    kept: Int32Array | undefined,
    endings: ReadonlySet<number>,
  ): void {
    this.tokens.push(token);
    this.logprobs.push(logprob);
    if (kept !== undefined) {
      this.#kept ??= new KeptRecorder();
      this.#kept.push(kept);
    }
    this.stopped = endings.has(token) || this.#matcher.push(token);
  }

  finish(): Rollout {
    return {
      tokens: this.tokens,
      text: this.#matcher.finish(),
      logprobs: this.logprobs,
      finishReason: this.stopped ? 'stop' : 'length',
      ...(this.#kept && { keptTokens: this.#kept.finish() }),
    };
  }
}
