import type { TrainerCallback, TrainerEvent, TrainerHooks } from '../trainers/index.ts';

/** Prints what a person at the terminal should know of a run, besides its metrics. */
function report(event: TrainerEvent): void {
  if (event.type === 'run-start') {
    const from = event.fromStep === 0 ? '' : `, going on from step ${event.fromStep}`;
    console.error(`${event.folder}: ${event.totalSteps} steps${from}`);
  }
}

/** The command line's hooks, with those given and further ones after them. */
export function trainerHooks(
  { onEvent: asked, callbacks = [], ...hooks }: TrainerHooks,
  further: {
    readonly onEvent?: (event: TrainerEvent) => void;
    readonly callbacks?: readonly TrainerCallback[];
  } = {},
): TrainerHooks {
  const onEvent = (event: TrainerEvent) => {
    report(event);
    asked?.(event);
    further.onEvent?.(event);
  };
  return { ...hooks, onEvent, callbacks: [...callbacks, ...(further.callbacks ?? [])] };
}
