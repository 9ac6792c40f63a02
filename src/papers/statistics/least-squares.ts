/** Coefficients of a polynomial, lowest power first. */
export type Polynomial = readonly number[];

export const evaluatePolynomial = (polynomial: Polynomial, x: number): number =>
  polynomial.reduceRight((value, coefficient) => value * x + coefficient, 0);

/** A point, x then y. */
export type Point = readonly [x: number, y: number];

/** Solves a small symmetric system by elimination with pivots. NaN where it is singular. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  const size = rows.length;
  for (let column = 0; column < size; column++) {
    const pivot = rows.reduce(
      (best, row, i) =>
        i >= column && Math.abs(row[column]!) > Math.abs(rows[best]![column]!) ? i : best,
      column,
    );
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    for (let i = 0; i < size; i++) {
      if (i === column) continue;
      const factor = rows[i]![column]! / rows[column]![column]!;
      for (let j = column; j <= size; j++) rows[i]![j]! -= factor * rows[column]![j]!;
    }
  }
  return rows.map((row, i) => row[size]! / row[i]!);
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * The polynomial of a degree with the least squared error. Solved in a centred and scaled variable, where the normal
 * equations are well conditioned, then written in x.
 */
export function fitPolynomial(points: readonly Point[], degree: number): Polynomial {
  const centre = mean(points.map(([x]) => x));
  const scale = Math.sqrt(mean(points.map(([x]) => (x - centre) ** 2))) || 1;
  const powers = points.map(([x]) => {
    const z = (x - centre) / scale;
    return Array.from({ length: degree + 1 }, (_, power) => z ** power);
  });
  const sum = (of: (row: readonly number[], i: number) => number) =>
    powers.reduce((total, row, i) => total + of(row, i), 0);
  const indices = [...Array(degree + 1).keys()];
  const normal = indices.map((a) => indices.map((b) => sum((row) => row[a]! * row[b]!)));
  const right = indices.map((a) => sum((row, i) => row[a]! * points[i]![1]));
  return shift(solve(normal, right), centre, scale);
}

/** p((x − centre) / scale) as a polynomial in x. */
function shift(polynomial: Polynomial, centre: number, scale: number): Polynomial {
  let power: number[] = [1];
  const result = polynomial.map(() => 0);
  for (const coefficient of polynomial) {
    for (const [i, value] of power.entries()) result[i]! += coefficient * value;
    // times (x − centre) / scale
    power = [0, ...power].map(
      (value, i) => (value - (i < power.length ? power[i]! * centre : 0)) / scale,
    );
  }
  return result;
}

/** √ of the mean squared error. */
export const rootMeanSquare = (errors: readonly number[]): number =>
  Math.sqrt(mean(errors.map((error) => error ** 2)));

/** The error of a fit on the points it was fitted to. */
export function inSampleRmse(points: readonly Point[], degree: number): number {
  const polynomial = fitPolynomial(points, degree);
  return rootMeanSquare(points.map(([x, y]) => y - evaluatePolynomial(polynomial, x)));
}

/**
 * The error on groups of points that the fit has not seen: each group is left out in turn. A nested fit always wins in
 * sample; here it wins only where it is right.
 */
export function leaveOneOutRmse(groups: readonly (readonly Point[])[], degree: number): number {
  const errors = groups.flatMap((held, index) => {
    const rest = groups.filter((_, other) => other !== index).flat();
    const polynomial = fitPolynomial(rest, degree);
    return held.map(([x, y]) => y - evaluatePolynomial(polynomial, x));
  });
  return rootMeanSquare(errors);
}

/** Where a parabola has its vertex. */
export const vertexOf = (parabola: Polynomial): number => -parabola[1]! / (2 * parabola[2]!);
