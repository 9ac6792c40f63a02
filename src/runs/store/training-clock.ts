/**
 * Turns times of day into seconds of training: what passed since the run's start, without the pauses between its attempts.
 * @param starts - Start of each attempt, seconds since 1970, in order.
 * @param elapsed - Seconds of training before the first of them.
 * @returns a function to call with the times of the lines, in order.
 */
export function trainingClock(starts: readonly number[], elapsed = 0): (time: number) => number {
  let [last, base] = [elapsed, elapsed];
  let attempt = -1;
  return (time) => {
    while (attempt + 1 < starts.length && (starts[attempt + 1]! <= time || attempt < 0)) {
      attempt++;
      base = last;
    }
    // The clock of the machine may be set back; training never is.
    last = Math.max(last, base + time - (starts[attempt] ?? time));
    return last;
  };
}
