import type { PaperStatus } from '../../../src/server/api.ts';

const words: Record<PaperStatus, string> = {
  'not implemented': 'Not implemented yet',
  runs: 'Runs, not reproduced yet',
  'reproduced in part': 'Reproduced in part',
  reproduced: 'Reproduced',
};

/** Shapes differ as colours do: an empty ring, an arrow, a half disc, a tick. */
function Shape({ status }: { status: PaperStatus }) {
  if (status === 'runs') return <path d="M4.5 3v10l8-5z" fill="currentColor" />;
  if (status === 'reproduced')
    return <path d="M3 8.5l3.5 3.5L13 4.5" fill="none" stroke="currentColor" stroke-width="2" />;
  return (
    <>
      <circle
        cx="8"
        cy="8"
        r="5.5"
        fill="none"
        stroke="currentColor"
        stroke-width="1.6"
        stroke-dasharray={status === 'not implemented' ? '2.6 2.2' : undefined}
      />
      {status === 'reproduced in part' && (
        <path d="M8 2.5a5.5 5.5 0 0 1 0 11z" fill="currentColor" />
      )}
    </>
  );
}

/** How far a paper is, as a word, a shape and a colour. */
export function PaperStatusBadge({ status }: { status: PaperStatus }) {
  return (
    <span class="paper-status" data-status={status}>
      <svg width="14" height="14" viewBox="0 0 16 16" aria-hidden="true">
        <Shape status={status} />
      </svg>
      {words[status]}
    </span>
  );
}
