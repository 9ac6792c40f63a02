import type { RunStore } from '../../runs/store/index.ts';
import type { LiveEvents } from '../api.ts';
import type { OpenStore } from '../open-store.ts';
import type { LiveCursor } from './live-cursor.ts';

/** One thing to tell. */
export type LiveMessage = {
  readonly [Name in keyof LiveEvents]: { readonly name: Name; readonly data: LiveEvents[Name] };
}[keyof LiveEvents];

export interface Changes {
  readonly cursor: LiveCursor;
  readonly messages: readonly LiveMessage[];
}

/** More lines of one run than this are fetched as a down-sampled series instead. */
const MOST_LINES = 500;

/**
 * What happened after a cursor; nothing costs more than the few queries that find out that there is nothing.
 * @returns undefined where there is nothing new.
 */
export function readChanges(open: OpenStore, from: LiveCursor): Changes | undefined {
  const store = open.current;
  const { cursor: change, runIds, deletedIds } = store.changedSince(from.change);
  if (runIds.length === 0 && deletedIds.length === 0) return undefined;
  const refetch: number[] = [];
  const messages: LiveMessage[] = [];
  let { event } = from;
  for (const runId of runIds) {
    const events = store.events(runId, from.event);
    const lines = store.lines(runId, from.change, change);
    // A new attempt cuts what was logged past its checkpoint.
    const isNewAttempt = events.some(({ kind }) => kind === 'start');
    if (isNewAttempt || lines.length > MOST_LINES) refetch.push(runId);
    else if (lines.length > 0) messages.push({ name: 'points', data: { runId, lines } });
    for (const each of events) messages.push({ name: 'run-event', data: each });
    event = Math.max(event, ...events.map(({ id }) => id));
  }
  const changed = { ids: runIds, refetch, deleted: deletedIds };
  return {
    cursor: { database: open.identity, change, event },
    messages: [...messages, { name: 'runs-changed', data: changed }],
  };
}

/** Where everything has been told. */
export function newestCursor(open: OpenStore): LiveCursor {
  const store: RunStore = open.current;
  const { cursor: change } = store.changedSince(Number.MAX_SAFE_INTEGER);
  return { database: open.identity, change, event: store.lastEventId() };
}
