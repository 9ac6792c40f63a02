import type { RunEvent } from '../../../src/server/api.ts';

const shapes: Record<RunEvent['kind'], string> = {
  alarm: 'M8 1.5 14.5 8 8 14.5 1.5 8Z',
  warning: 'M8 2 14.5 13.5H1.5Z',
  checkpoint: 'M4 2.5h8v11l-4-3-4 3Z',
  evaluation: 'M2.5 13V8m3.7 5V4m3.6 9V6.5M13.5 13V3',
  start: 'M5 3l8 5-8 5Z',
  end: 'M4 4h8v8H4Z',
  monitor: 'M1.5 8h3l2-5 3 10 2-5h3',
};

const isLine = (kind: RunEvent['kind']): boolean => kind === 'evaluation' || kind === 'monitor';

/** The sign of an event's kind, the same as its mark on the charts; the word beside it says it too. */
export function EventSign({ kind }: { kind: RunEvent['kind'] }) {
  return (
    <svg
      class="event-sign"
      data-kind={kind}
      width="14"
      height="14"
      viewBox="0 0 16 16"
      aria-hidden="true"
    >
      <path
        d={shapes[kind]}
        fill={isLine(kind) ? 'none' : 'currentColor'}
        stroke="currentColor"
        stroke-width={isLine(kind) ? 2 : 1}
        stroke-linejoin="round"
        stroke-linecap="round"
      />
    </svg>
  );
}
