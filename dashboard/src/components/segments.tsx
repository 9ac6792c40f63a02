import { useId } from 'preact/hooks';

interface SegmentsProps<Choice extends string> {
  readonly label: string;
  readonly choices: readonly (readonly [value: Choice, name: string])[];
  readonly value: Choice;
  readonly onChange: (value: Choice) => void;
}

/** One of a few choices, all in view: radio buttons that look like one control. */
export function Segments<Choice extends string>({
  label,
  choices,
  value,
  onChange,
}: SegmentsProps<Choice>) {
  const [name, title] = [useId(), useId()];
  return (
    <div class="field" role="radiogroup" aria-labelledby={title}>
      <span id={title}>{label}</span>
      <div class="segments">
        {choices.map(([choice, text]) => (
          <label key={choice}>
            <input
              type="radio"
              name={name}
              value={choice}
              checked={choice === value}
              onChange={() => onChange(choice)}
            />
            {text}
          </label>
        ))}
      </div>
    </div>
  );
}
