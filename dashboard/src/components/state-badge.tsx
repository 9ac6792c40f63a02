import type { RunState } from '../../../src/server/api.ts';

/** What a run is doing, `stopping` and `resuming` included, which last until the run itself says so. */
export type ShownState = RunState | 'stopping' | 'resuming';

const words: Record<ShownState, string> = {
  running: 'Running',
  interrupted: 'Interrupted',
  finished: 'Finished',
  failed: 'Failed',
  stopping: 'Stopping',
  resuming: 'Resuming',
};

/** Shapes differ as colours do: a turning ring, two bars, a tick, a cross. */
const shapes: Record<ShownState, string> = {
  running: 'M8 2.5a5.5 5.5 0 1 1-5.5 5.5',
  stopping: 'M8 2.5a5.5 5.5 0 1 1-5.5 5.5',
  resuming: 'M8 2.5a5.5 5.5 0 1 1-5.5 5.5',
  interrupted: 'M5.5 3.5v9M10.5 3.5v9',
  finished: 'M3 8.5l3.5 3.5L13 4.5',
  failed: 'M4 4l8 8M12 4l-8 8',
};

const tone = (state: ShownState): RunState =>
  state === 'stopping' ? 'interrupted' : state === 'resuming' ? 'running' : state;

/** A run's state as a word, a shape and a colour. */
export function StateBadge({ state, title }: { state: ShownState; title?: string | undefined }) {
  return (
    <span class="state" data-state={tone(state)} data-shown={state} title={title}>
      <svg width="14" height="14" viewBox="0 0 16 16" aria-hidden="true">
        <path
          d={shapes[state]}
          fill="none"
          stroke="currentColor"
          stroke-width="2"
          stroke-linecap="round"
          stroke-linejoin="round"
        />
      </svg>
      {words[state]}
    </span>
  );
}
