import { useMemo, useState } from 'preact/hooks';
import type { CompareResponse } from '../../../src/server/api.ts';
import { hidesValues } from '../charts/chart-data.ts';
import type { Curve, Range } from '../charts/curve.ts';
import { CurveTable } from '../charts/curve-table.tsx';
import { type Reading, SeriesChart } from '../charts/series-chart.tsx';
import { summarize } from '../charts/summarize.ts';
import type { CompareView } from './compare-view.ts';
import { curvesOf, runOf } from './compared-curves.ts';
import { Legend } from './legend.tsx';

interface ComparisonChartProps {
  readonly compared: CompareResponse;
  readonly view: CompareView;
  readonly range: Range | undefined;
  readonly onZoom: (range: Range | undefined) => void;
}

/** The runs on one chart, with the legend that brings one out or hides it. */
export function ComparisonChart({ compared, view, range, onZoom }: ComparisonChartProps) {
  const [reading, setReading] = useState<Reading>();
  const [highlighted, setHighlighted] = useState<ReadonlySet<string>>(new Set());
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const all = useMemo(() => curvesOf(compared, view.isBanded), [compared, view.isBanded]);
  const shown = useMemo(() => all.filter(({ id }) => !hidden.has(id)), [all, hidden]);
  const words = { unit: '', axis: view.x };
  return (
    <section class="panel compare-chart" aria-label={view.key}>
      {view.form === 'chart' ? (
        <SeriesChart
          curves={shown}
          unit=""
          axis={view.x}
          smoothing={view.smoothing}
          isLog={view.isLog}
          height={420}
          highlighted={highlighted}
          range={range}
          onZoom={onZoom}
          onRead={setReading}
          summary={`${view.key}. ${shown.map((curve) => summarize(curve, words)).join(' ')}`}
        />
      ) : (
        <CurveTable curves={shown} unit="" axis={view.x} height={420} />
      )}
      <ChartNote curves={shown} view={view} range={range} onZoom={onZoom} />
      <Legend
        curves={all}
        axis={view.x}
        reading={reading}
        hidden={hidden}
        onHide={setHidden}
        onHighlight={setHighlighted}
      />
    </section>
  );
}

const bandNote = 'Bands: mean ± one standard deviation over seeds. ';
const noBandNote = 'No two of these runs differ in the seed alone: there is no mean to draw. ';

function ChartNote({
  curves,
  view,
  range,
  onZoom,
}: {
  curves: readonly Curve[];
  view: CompareView;
  range: Range | undefined;
  onZoom: ComparisonChartProps['onZoom'];
}) {
  const isEmpty = curves.every(({ x }) => x.length === 0);
  const hasBands = curves.some((curve) => runOf(curve) === undefined);
  return (
    <p class="chart-note">
      {isEmpty && `None of these runs has a value of ${view.key} here. `}
      {view.isLog && hidesValues(curves) && 'Values of 0 and below have no logarithm: not shown. '}
      {view.isBanded && (hasBands ? bandNote : noBandNote)}
      {range === undefined ? (
        'Drag to zoom, double-click to show all.'
      ) : (
        <button type="button" class="button" onClick={() => onZoom(undefined)}>
          Show all
        </button>
      )}
    </p>
  );
}
