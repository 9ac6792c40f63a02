import { useId } from 'preact/hooks';

interface DefinitionProps {
  /** Id of the name, for what is labelled by it. */
  readonly id?: string;
  readonly name: string;
  readonly definition: string;
  readonly estimator: string;
}

/** A metric's name that shows its definition on hover and focus; it is read with the name. */
export function Definition({ id, name, definition, estimator }: DefinitionProps) {
  const tip = useId();
  const text = [definition, estimator].filter(Boolean).join(' ');
  if (text === '') {
    return (
      <h3 id={id} class="metric-name">
        {name}
      </h3>
    );
  }
  return (
    <div class="definition">
      <h3 class="metric-name">
        <button type="button" id={id} class="term" aria-describedby={tip}>
          {name}
        </button>
      </h3>
      <span class="tip" role="tooltip" id={tip}>
        {text}
      </span>
    </div>
  );
}
