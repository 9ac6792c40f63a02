import type { MetricView } from '../../../src/server/api.ts';
import type { Curve, Mark } from '../charts/curve.ts';
import { type ChartsView, MetricChart } from '../charts/metric-chart.tsx';
import { count } from '../format.ts';
import type { MetricGroup as Group } from './metric-groups.ts';

interface MetricGroupProps {
  readonly group: Group;
  readonly curves: ReadonlyMap<string, Curve>;
  readonly marks: readonly Mark[];
  readonly view: ChartsView;
}

/** A group of charts that folds, with the definitions of its metrics to read on. */
export function MetricGroup({
  group: { name, title, metrics },
  curves,
  marks,
  view,
}: MetricGroupProps) {
  return (
    <details class="metric-group" open data-group={name}>
      <summary>
        <h2>{title}</h2>
        <span>{count(metrics.length, 'metric')}</span>
      </summary>
      <div class="chart-grid">
        {metrics.map((metric) => (
          <MetricChart
            key={metric.key}
            metric={metric}
            curve={curves.get(metric.key)}
            marks={marks}
            view={view}
          />
        ))}
      </div>
      <Definitions metrics={metrics} />
    </details>
  );
}

function Definitions({ metrics }: { metrics: readonly MetricView[] }) {
  return (
    <details class="definitions">
      <summary>What these measure</summary>
      <dl>
        {metrics.map(({ key, unit, definition, estimator }) => (
          <div key={key}>
            <dt>
              <code>{key}</code> {unit !== '' && unit !== '1' && <small>{unit}</small>}
            </dt>
            <dd>
              {[definition, estimator].filter(Boolean).join(' ') ||
                'Has no definition in the table of metrics.'}
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
