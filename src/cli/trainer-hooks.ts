import type { TrainerEvent, TrainerHooks } from '../trainers/index.ts';

/** Prints what a person at the terminal should know of a run, besides its metrics. */
function report(event: TrainerEvent): void {
  if (event.type === 'warning') console.error(`warning: ${event.message}`);
  if (event.type === 'run-start') {
    const from = event.fromStep === 0 ? '' : `, going on from step ${event.fromStep}`;
    console.error(`${event.folder}: ${event.totalSteps} steps${from}`);
  }
}

/** The command line's hooks, and `further` ones after them. */
export function trainerHooks(
  { signal }: TrainerHooks,
  further?: (event: TrainerEvent) => void,
): TrainerHooks {
  const onEvent = (event: TrainerEvent) => {
    report(event);
    further?.(event);
  };
  return { ...(signal && { signal }), onEvent };
}
