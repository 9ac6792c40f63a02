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

/** The divisor of a number nearest to another one, the smaller of two as near; at least 2 where there is one. */
export function nearestDivisor(value: number, wanted: number): number {
  let best = value;
  for (let low = 1; low * low <= value; low++) {
    if (value % low !== 0) continue;
    for (const divisor of [low, value / low]) {
      const nearer = Math.abs(divisor - wanted) - Math.abs(best - wanted);
      if (divisor >= 2 && (nearer < 0 || (nearer === 0 && divisor < best))) best = divisor;
    }
  }
  return best;
}
