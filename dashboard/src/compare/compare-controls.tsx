import { Segments } from '../components/segments.tsx';
import { SmoothingField } from '../components/smoothing-field.tsx';
import { axes, type CompareView } from './compare-view.ts';

interface CompareControlsProps {
  readonly view: CompareView;
  readonly keys: readonly string[];
  readonly onChange: (changes: Readonly<Record<string, string | null>>) => void;
}

/** Which metric, over what, how smooth; the address keeps it all. */
export function CompareControls({ view, keys, onChange }: CompareControlsProps) {
  const choices = keys.includes(view.key) ? keys : [view.key, ...keys];
  const setFlag = (name: string, value: string) => (event: { currentTarget: HTMLInputElement }) =>
    onChange({ [name]: event.currentTarget.checked ? value : null });
  return (
    <div class="toolbar compare-controls">
      <label class="field">
        <span>Metric</span>
        <select
          value={view.key}
          onChange={({ currentTarget }) => onChange({ key: currentTarget.value })}
        >
          {choices.map((key) => (
            <option key={key}>{key}</option>
          ))}
        </select>
      </label>
      <Segments label="Over" choices={axes} value={view.x} onChange={(x) => onChange({ x })} />
      <SmoothingField value={view.smoothing} onChange={(smoothing) => onChange({ smoothing })} />
      <label class="check">
        <input type="checkbox" checked={view.isLog} onChange={setFlag('log', '1')} />
        Log scale
      </label>
      <label class="check">
        <input type="checkbox" checked={view.isBanded} onChange={setFlag('band', 'seed')} />
        Mean over seeds
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={view.form === 'table'}
          onChange={setFlag('form', 'table')}
        />
        As a table
      </label>
    </div>
  );
}
