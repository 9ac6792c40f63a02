import type { XAxis } from '../../../src/server/api.ts';
import { type Curve, curveDash, curveToken } from '../charts/curve.ts';
import { readPlace } from '../charts/metric-chart.tsx';
import type { Reading } from '../charts/series-chart.tsx';
import { formatNumber } from '../format.ts';
import { runOf } from './compared-curves.ts';

interface LegendProps {
  readonly curves: readonly Curve[];
  readonly axis: XAxis;
  readonly reading: Reading | undefined;
  readonly hidden: ReadonlySet<string>;
  readonly onHide: (hidden: ReadonlySet<string>) => void;
  readonly onHighlight: (highlighted: ReadonlySet<string>) => void;
}

const none: ReadonlySet<string> = new Set();

/** The runs of a comparison with their strokes and values; pointing at one brings its curve out, its box hides it. */
export function Legend({ curves, axis, reading, hidden, onHide, onHighlight }: LegendProps) {
  const toggle = (id: string) => {
    const next = new Set(hidden);
    if (!next.delete(id)) next.add(id);
    onHide(next);
  };
  return (
    <table class="legend">
      <caption class="hidden-visually">Curves and their values</caption>
      <thead>
        <tr>
          <th scope="col">Run</th>
          <th scope="col" class="number">
            {reading === undefined ? 'Last' : readPlace(reading.x, axis)}
          </th>
          <th scope="col" class="number wide">
            Lowest
          </th>
          <th scope="col" class="number wide">
            Highest
          </th>
        </tr>
      </thead>
      <tbody>
        {curves.map((curve) => (
          <tr
            key={curve.id}
            onMouseEnter={() => onHighlight(new Set([curve.id]))}
            onMouseLeave={() => onHighlight(none)}
            onFocusCapture={() => onHighlight(new Set([curve.id]))}
            onBlurCapture={() => onHighlight(none)}
          >
            <th scope="row">
              <div class="legend-run">
                <label class="legend-name">
                  <input
                    type="checkbox"
                    checked={!hidden.has(curve.id)}
                    onChange={() => toggle(curve.id)}
                  />
                  <Stroke place={curve.colour} />
                  <span class="legend-text" title={curve.name}>
                    {curve.name}
                  </span>
                </label>
                <OpenRun curve={curve} />
              </div>
            </th>
            <td class="number">{formatNumber(shownValue(curve, reading))}</td>
            <td class="number wide">{formatNumber(extreme(curve, Math.min))}</td>
            <td class="number wide">{formatNumber(extreme(curve, Math.max))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function OpenRun({ curve }: { curve: Curve }) {
  const id = runOf(curve);
  if (id === undefined) return null;
  return (
    <a class="legend-open" href={`/runs/${id}`} aria-label={`Open ${curve.name}`}>
      Open
    </a>
  );
}

function Stroke({ place }: { place: number }) {
  return (
    <svg width="26" height="10" aria-hidden="true">
      <line
        x1="2"
        x2="24"
        y1="5"
        y2="5"
        stroke={`var(--${curveToken(place)})`}
        stroke-width="2.5"
        stroke-linecap="round"
        stroke-dasharray={curveDash(place).join(' ')}
      />
    </svg>
  );
}

const finite = ({ y }: Curve): number[] =>
  y.filter((value): value is number => value !== null && Number.isFinite(value));

const lastValue = (curve: Curve): number | null => finite(curve).at(-1) ?? null;

const shownValue = (curve: Curve, reading: Reading | undefined): number | null =>
  reading === undefined ? lastValue(curve) : (reading.values.get(curve.id) ?? null);

function extreme(curve: Curve, pick: (...values: number[]) => number): number | null {
  const values = finite(curve);
  return values.length === 0 ? null : values.reduce((a, b) => pick(a, b));
}
