import type { ChartsView } from '../charts/metric-chart.tsx';
import { axes } from '../compare/compare-view.ts';
import { Segments } from '../components/segments.tsx';
import { SmoothingField } from '../components/smoothing-field.tsx';
import { setQuery } from '../router.ts';

interface ChartControlsProps {
  readonly view: ChartsView;
  readonly text: string;
  readonly onAxis: () => void;
}

/** Which metrics, over what, how smooth; the address keeps it, the part zoomed to aside. */
export function ChartControls({ view, text, onAxis }: ChartControlsProps) {
  return (
    <div class="toolbar chart-controls">
      <label class="field">
        <span>Metrics</span>
        <input
          type="search"
          placeholder="Filter by name"
          value={text}
          onInput={({ currentTarget }) => setQuery({ text: currentTarget.value })}
        />
      </label>
      <Segments
        label="Over"
        choices={axes}
        value={view.axis}
        onChange={(x) => {
          onAxis();
          setQuery({ x: x === 'step' ? null : x });
        }}
      />
      <SmoothingField value={view.smoothing} onChange={(smoothing) => setQuery({ smoothing })} />
      <label class="check">
        <input
          type="checkbox"
          checked={view.isLog}
          onChange={({ currentTarget }) => setQuery({ log: currentTarget.checked ? '1' : null })}
        />
        Log scale
      </label>
      {view.range !== undefined && (
        <button type="button" class="button" onClick={() => view.onZoom(undefined)}>
          Show all
        </button>
      )}
    </div>
  );
}
