import { formatMetric, formatNumber } from '../format.ts';
import type { Curve } from './curve.ts';

interface CurveTableProps {
  readonly curves: readonly Curve[];
  readonly unit: string;
  readonly axis: string;
  readonly height: number;
}

/** The points of a chart as a table, newest first: a row for each place on the axis, a column for each curve. */
export function CurveTable({ curves, unit, axis, height }: CurveTableProps) {
  const rows = rowsOf(curves);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls is reached by keyboard
    <div class="curve-table" style={{ height: `${height}px` }} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{axis}</th>
            {curves.map(({ id, name }) => (
              <th key={id} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([x, values]) => (
            <tr key={x}>
              <th scope="row">{formatNumber(x)}</th>
              {values.map((value, index) => (
                <td key={curves[index]!.id}>{formatMetric(value, unit)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function rowsOf(curves: readonly Curve[]): [number, (number | null | undefined)[]][] {
  const rows = new Map<number, (number | null | undefined)[]>();
  for (const [column, { x, y }] of curves.entries()) {
    for (const [index, at] of x.entries()) {
      const row = rows.get(at) ?? Array(curves.length).fill(undefined);
      row[column] = y[index] ?? null;
      rows.set(at, row);
    }
  }
  return [...rows].sort(([left], [right]) => right - left);
}
