/** A problem that set-up explains to a person: the message says what to do. */
export class SetupError extends Error {}

/** Prints one line of progress. */
export function say(line) {
  console.log(line);
}

/** The time since `startedAt` (of `performance.now()`), as `3.2 s`. */
export function seconds(startedAt) {
  return `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
}
