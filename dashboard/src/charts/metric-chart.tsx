import { useId, useMemo, useState } from 'preact/hooks';
import { Definition } from '../components/definition.tsx';
import { Icon } from '../components/icon.tsx';
import { formatMetric } from '../format.ts';
import type { Curve, Mark, Range } from './curve.ts';
import { CurveTable } from './curve-table.tsx';
import { type Reading, SeriesChart } from './series-chart.tsx';
import { summarize } from './summarize.ts';
import { useSeen } from './use-seen.ts';

/** What a metric is, as the server tells. */
export interface MetricText {
  readonly key: string;
  readonly unit: string;
  readonly definition: string;
  readonly estimator: string;
  readonly last: number | null;
}

/** How all charts of a page are drawn. */
export interface ChartsView {
  readonly axis: 'step' | 'tokens' | 'completions' | 'time';
  readonly smoothing: number;
  readonly isLog: boolean;
  readonly range: Range | undefined;
  readonly onZoom: (range: Range | undefined) => void;
}

interface MetricChartProps {
  readonly metric: MetricText;
  readonly curve: Curve | undefined;
  readonly marks: readonly Mark[];
  readonly view: ChartsView;
  readonly height?: number;
}

const none: ReadonlySet<string> = new Set();

/** One metric's curve with its name, definition and last value; the value under the cursor; as a table on demand. */
export function MetricChart({ metric, curve, marks, view, height = 170 }: MetricChartProps) {
  const [reading, setReading] = useState<Reading>();
  const [form, setForm] = useState<'chart' | 'table'>('chart');
  const [host, isSeen] = useSeen<HTMLElement>();
  const title = useId();
  // The same array as long as the curve is: a new one would be drawn anew, which reads the cursor, which draws anew.
  const curves = useMemo(() => (curve === undefined ? [] : [curve]), [curve]);
  const { key, unit } = metric;
  return (
    <section class="metric-chart" aria-labelledby={title} data-metric={key} ref={host}>
      <header>
        <Definition
          id={title}
          name={key}
          definition={metric.definition}
          estimator={metric.estimator}
        />
        <Value metric={metric} reading={reading} axis={view.axis} />
        <button
          type="button"
          class="icon-button"
          aria-pressed={form === 'table'}
          aria-label={`${key} as a table`}
          title="As a table"
          onClick={() => setForm(form === 'chart' ? 'table' : 'chart')}
        >
          <Icon name="table" size={15} />
        </button>
      </header>
      <div class="metric-chart-body" style={{ minHeight: `${height}px` }}>
        {curve && isSeen && form === 'chart' && (
          <SeriesChart
            curves={curves}
            {...view}
            unit={unit}
            marks={marks}
            height={height}
            highlighted={none}
            onRead={setReading}
            summary={summarize(curve, { unit, axis: view.axis })}
          />
        )}
        {curve && form === 'table' && (
          <CurveTable curves={curves} unit={unit} axis={view.axis} height={height} />
        )}
      </div>
    </section>
  );
}

function Value({
  metric: { last, unit },
  reading,
  axis,
}: {
  metric: MetricText;
  reading: Reading | undefined;
  axis: ChartsView['axis'];
}) {
  const value = reading === undefined ? last : ([...reading.values.values()][0] ?? null);
  return (
    <output class="metric-value" aria-live={reading === undefined ? 'off' : 'polite'}>
      {reading !== undefined && <small>{readPlace(reading.x, axis)}</small>}
      <b>{formatMetric(value, unit)}</b>
      {showsUnit(unit) && <small>{unit}</small>}
    </output>
  );
}

/** `1`, shares and rewards are numbers without a unit; sizes and times carry theirs already. */
const showsUnit = (unit: string): boolean =>
  !['', '1', 'share', 'reward', 'bytes', 's'].includes(unit);

/** `step 120`, `1 min 20 s`, `12,000 tokens`. */
export function readPlace(x: number, axis: ChartsView['axis']): string {
  if (axis === 'time') return formatMetric(x, 's');
  const whole = Math.round(x).toLocaleString('en');
  return axis === 'step' ? `step ${whole}` : `${whole} ${axis}`;
}
