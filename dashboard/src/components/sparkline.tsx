import { formatNumber } from '../format.ts';

const [width, height, margin] = [96, 24, 2];

/** A run's course in the size of a word: the line, and a dot where it is now. */
export function Sparkline({ values, name }: { values: readonly number[]; name: string | null }) {
  const points = place(values);
  const end = points.at(-1);
  if (name === null || end === undefined) return null;
  const words = `${name} from ${formatNumber(values[0])} to ${formatNumber(values.at(-1))}`;
  return (
    <svg class="sparkline" width={width} height={height} role="img" aria-label={words}>
      <polyline points={points.map((point) => point.join(',')).join(' ')} fill="none" />
      <circle cx={end[0]} cy={end[1]} r="2" />
    </svg>
  );
}

function place(values: readonly number[]): (readonly [string, string])[] {
  const finite = values.filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const across = (width - 2 * margin) / Math.max(values.length - 1, 1);
  const scale = high > low ? (height - 2 * margin) / (high - low) : 0;
  const middle = high > low ? 0 : height / 2 - margin;
  return values.flatMap((value, index) =>
    Number.isFinite(value)
      ? [
          [
            (margin + (values.length === 1 ? width / 2 : index * across)).toFixed(1),
            (height - margin - middle - (value - low) * scale).toFixed(1),
          ] as const,
        ]
      : [],
  );
}
