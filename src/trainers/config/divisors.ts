/** The largest whole number that divides both. */
export function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** The smallest whole number that both divide. */
export function leastCommonMultiple(a: number, b: number): number {
  return (a / greatestCommonDivisor(a, b)) * b;
}

/** The multiple of a step nearest to a number, at least one step. */
export function multipleNear(value: number, step: number): number {
  return Math.max(1, Math.round(value / step)) * step;
}

/** The divisor of a number nearest to another one, at least 2 where there is one. */
export function nearestDivisor(value: number, wanted: number): number {
  const divisors = Array.from({ length: value }, (_, index) => index + 1).filter(
    (each) => value % each === 0 && (each > 1 || value === 1),
  );
  return divisors.reduce((best, each) =>
    Math.abs(each - wanted) < Math.abs(best - wanted) ? each : best,
  );
}
