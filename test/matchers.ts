import { expect } from 'vitest';

/** A tensor, or anything that can show its numbers. */
interface NumbersWithShape {
  readonly shape: readonly number[];
  toArray(): number[];
}

type Nested = number | readonly Nested[] | Float32Array | Float64Array;
export type Comparable = NumbersWithShape | Nested;

export interface Tolerance {
  /** Allowed difference relative to the expected value. */
  rtol?: number;
  /** Allowed difference on top of that. */
  atol?: number;
}

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: vitest declares the parameter so
  interface Matchers<T = any> {
    /** Every number within atol + rtol · |expected|; NaN equals NaN, shapes must agree. Defaults 1e-5 and 1e-8. */
    toBeAllClose(expected: Comparable, tolerance?: Tolerance): T;
  }
}

const hasShape = (value: Comparable): value is NumbersWithShape =>
  typeof value === 'object' && 'toArray' in value && 'shape' in value;

const isList = (value: Nested): value is Exclude<Nested, number> => typeof value !== 'number';

function shapeOf(value: Comparable): number[] {
  if (hasShape(value)) return [...value.shape];
  const shape: number[] = [];
  for (let level: Nested | undefined = value; level !== undefined && isList(level); ) {
    shape.push(level.length);
    level = level[0];
  }
  return shape;
}

function flatten(value: Comparable): number[] {
  if (hasShape(value)) return value.toArray();
  return isList(value) ? Array.from(value as readonly Nested[]).flatMap(flatten) : [value];
}

function placeOf(index: number, shape: readonly number[]): string {
  const place: number[] = [];
  let rest = index;
  for (const size of [...shape].reverse()) {
    place.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return `[${place.join(', ')}]`;
}

/** How many tolerances apart two numbers are; 0 for equal ones, infinities and NaN included. */
function excess(actual: number, expected: number, { rtol = 1e-5, atol = 1e-8 }: Tolerance): number {
  if (Object.is(actual, expected) || actual === expected) return 0;
  const allowed = atol + rtol * Math.abs(expected);
  const apart = Math.abs(actual - expected) / allowed;
  return Number.isNaN(apart) ? Infinity : apart;
}

expect.extend({
  toBeAllClose(received: Comparable, expected: Comparable, tolerance: Tolerance = {}) {
    const [actual, wanted] = [shapeOf(received), shapeOf(expected)];
    const [left, right] = [flatten(received), flatten(expected)];
    if (actual.join() !== wanted.join() || left.length !== right.length) {
      return {
        pass: false,
        message: () => `expected shape [${wanted.join(', ')}], found [${actual.join(', ')}]`,
      };
    }
    const apart = left.map((value, i) => excess(value, right[i] as number, tolerance));
    const worst = apart.reduce((best, value, i) => (value > (apart[best] ?? 0) ? i : best), 0);
    const beyond = apart.filter((value) => value > 1).length;
    return {
      pass: beyond === 0,
      message: () =>
        `${beyond} of ${left.length} numbers beyond tolerance; worst at ${placeOf(worst, wanted)}: ` +
        `expected ${right[worst]}, found ${left[worst]}, ${apart[worst]?.toPrecision(3)} tolerances apart`,
    };
  },
});
