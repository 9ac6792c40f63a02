import type { EvaluationProgress } from '../../recommendation/index.ts';

const EVERY_MS = 2000;

function timeLeft(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}

/** Tells on standard error how far an evaluation is, every two seconds and at its end. */
export function progressLine(name: string): (progress: EvaluationProgress) => void {
  let last = performance.now();
  return ({ done, total, usersPerSecond }) => {
    const now = performance.now();
    if (done < total && now - last < EVERY_MS) return;
    last = now;
    const left = timeLeft((total - done) / usersPerSecond);
    process.stderr.write(
      `${name}: ${done} of ${total} users, ${usersPerSecond.toFixed(0)}/s${done < total ? `, ${left} left` : ''}\n`,
    );
  };
}
