/**
 * What may follow what: a deterministic automaton over token ids. Every path from `start` reaches an end, and every place
 * before an end allows at least one token, so that decoding can neither leave the set nor get stuck.
 */
export interface TokenConstraint {
  /** The place before the first token. */
  readonly start: number;
  /** The most tokens on a path. */
  readonly maxTokens: number;
  /** Token ids that may come next, ascending; none at an end. A view: do not write to it. */
  allowed(place: number): Int32Array;
  /** The place after the token that stands at `index` of `allowed(place)`. */
  follow(place: number, index: number): number;
  /** Whether a completion is whole here. */
  isEnd(place: number): boolean;
}
