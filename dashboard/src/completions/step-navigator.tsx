import { useEffect } from 'preact/hooks';
import type { CompletionSteps } from '../../../src/server/api.ts';
import { Icon } from '../components/icon.tsx';
import { Segments } from '../components/segments.tsx';
import { setQuery } from '../router.ts';

interface StepNavigatorProps {
  readonly steps: CompletionSteps;
  readonly step: number | undefined;
  /** Whether the address names the step; else the page follows the newest. */
  readonly isFixed: boolean;
}

/** Goes through the steps that have completions: buttons, a slider, arrow keys. */
export function StepNavigator({ steps: { steps, kind }, step, isFixed }: StepNavigatorProps) {
  const index = step === undefined ? -1 : steps.indexOf(step);
  const go = (to: number) => {
    const next = steps[to];
    if (next !== undefined) setQuery({ step: String(next), offset: null });
  };
  useArrowKeys((direction) => go(index + direction));
  return (
    <div class="toolbar step-navigator">
      <Segments
        label="Of"
        choices={[
          ['train', 'Training'],
          ['eval', 'Evaluation'],
        ]}
        value={kind}
        onChange={(next) => setQuery({ kind: next === 'train' ? null : next, step: null })}
      />
      {step !== undefined && (
        <div class="step-choice">
          <StepButton name="left" label="Earlier step" isOn={index > 0} go={() => go(index - 1)} />
          <label class="field">
            <span>
              Step {step.toLocaleString('en')}, {index + 1} of {steps.length} stored
            </span>
            <input
              type="range"
              min="0"
              max={steps.length - 1}
              value={index}
              aria-valuetext={`step ${step}`}
              onInput={({ currentTarget }) => go(Number(currentTarget.value))}
            />
          </label>
          <StepButton
            name="right"
            label="Later step"
            isOn={index < steps.length - 1}
            go={() => go(index + 1)}
          />
          {isFixed && (
            <button type="button" class="button" onClick={() => setQuery({ step: null })}>
              Newest
            </button>
          )}
        </div>
      )}
    </div>
  );
}

interface StepButtonProps {
  readonly name: 'left' | 'right';
  readonly label: string;
  readonly isOn: boolean;
  readonly go: () => void;
}

function StepButton({ name, label, isOn, go }: StepButtonProps) {
  return (
    <button type="button" class="icon-button" aria-label={label} disabled={!isOn} onClick={go}>
      <Icon name={name} />
    </button>
  );
}

function useArrowKeys(move: (direction: number) => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const direction = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const isTaken =
        event.target instanceof Element &&
        event.target.closest('input, select, textarea, dialog, [data-arrows]') !== null;
      if (direction === undefined || isTaken || event.altKey || event.ctrlKey || event.metaKey)
        return;
      move(direction);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  });
}
