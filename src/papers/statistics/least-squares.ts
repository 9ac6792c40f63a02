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

/** The variable z = (x − centre) / scale, in which normal equations are well conditioned. */
interface Frame {
  readonly centre: number;
  readonly scale: number;
}

function frameOf(points: readonly Point[]): Frame {
  const centre = mean(points.map(([x]) => x));
  return { centre, scale: Math.sqrt(mean(points.map(([x]) => (x - centre) ** 2))) || 1 };
}

/** All that a fit needs of points: Σ zᵏ for k up to twice the degree, then Σ zᵏ y for k up to the degree. They add up. */
type Moments = readonly number[];

function momentsOf(points: readonly Point[], degree: number, { centre, scale }: Frame): Moments {
  const sums = Array<number>(3 * degree + 2).fill(0);
  for (const [x, y] of points) {
    let power = 1;
    for (let k = 0; k <= 2 * degree; k++) {
      sums[k]! += power;
      if (k <= degree) sums[2 * degree + 1 + k]! += power * y;
      power *= (x - centre) / scale;
    }
  }
  return sums;
}

const less = (all: Moments, some: Moments): Moments => all.map((value, i) => value - some[i]!);

/** The polynomial in z with the least squared error. */
function fitMoments(moments: Moments, degree: number): Polynomial {
  const indices = [...Array(degree + 1).keys()];
  const normal = indices.map((a) => indices.map((b) => moments[a + b]!));
  return solve(
    normal,
    indices.map((a) => moments[2 * degree + 1 + a]!),
  );
}

/** The polynomial of a degree with the least squared error. */
export function fitPolynomial(points: readonly Point[], degree: number): Polynomial {
  const frame = frameOf(points);
  return shift(fitMoments(momentsOf(points, degree, frame), degree), frame.centre, frame.scale);
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
  const frame = frameOf(groups.flat());
  const moments = groups.map((group) => momentsOf(group, degree, frame));
  const all = moments.reduce((sums, group) => sums.map((value, i) => value + group[i]!));
  const errors = groups.flatMap((held, index) => {
    const polynomial = fitMoments(less(all, moments[index]!), degree);
    return held.map(
      ([x, y]) => y - evaluatePolynomial(polynomial, (x - frame.centre) / frame.scale),
    );
  });
  return rootMeanSquare(errors);
}

/** Where a parabola has its vertex. */
export const vertexOf = (parabola: Polynomial): number => -parabola[1]! / (2 * parabola[2]!);
