interface SmoothingFieldProps {
  readonly value: number;
  /** Gets the weight as it stands in an address; null for none. */
  readonly onChange: (smoothing: string | null) => void;
}

/** The weight of the moving average: 0 shows the values as they are. */
export function SmoothingField({ value, onChange }: SmoothingFieldProps) {
  return (
    <label class="field smoothing">
      <span>Smoothing {value === 0 ? 'off' : value.toFixed(2)}</span>
      <input
        type="range"
        min="0"
        max="0.99"
        step="0.01"
        value={value}
        aria-label="Smoothing: weight of the exponential moving average"
        onInput={({ currentTarget }) =>
          onChange(currentTarget.value === '0' ? null : currentTarget.value)
        }
      />
    </label>
  );
}
