/** One stream of events from the server for the whole page; it reconnects for as long as the page is open. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { LiveEvents } from '../../src/server/api.ts';

/** Whether what is shown is what happens now. */
export type Connection = 'connecting' | 'live' | 'lost';

type Handlers = { readonly [Name in keyof LiveEvents]?: (event: LiveEvents[Name]) => void };

const names = ['hello', 'runs-changed', 'points', 'run-event'] as const;
const longestWaitMs = 5000;

const handlers = new Set<Handlers>();
const watchers = new Set<() => void>();
let connection: Connection = 'connecting';
let source: EventSource | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
let waitMs = 500;

/** Opens the stream, once. */
export function connect(): void {
  if (source !== undefined) return;
  const stream = new EventSource('/api/events');
  source = stream;
  stream.onopen = () => {
    waitMs = 500;
    setConnection('live');
  };
  stream.onerror = () => {
    setConnection('lost');
    // The browser tries again by itself while the server is gone, but not after an answer that is no stream.
    if (stream.readyState === EventSource.CLOSED) reconnectLater();
  };
  for (const name of names) {
    stream.addEventListener(name, (event) => dispatch(name, JSON.parse(event.data)));
  }
}

function reconnectLater(): void {
  source?.close();
  source = undefined;
  clearTimeout(retry);
  retry = setTimeout(connect, waitMs);
  waitMs = Math.min(waitMs * 2, longestWaitMs);
}

function dispatch<Name extends keyof LiveEvents>(name: Name, event: LiveEvents[Name]): void {
  for (const each of [...handlers]) each[name]?.(event);
}

function setConnection(next: Connection): void {
  if (next === connection) return;
  connection = next;
  for (const watcher of [...watchers]) watcher();
}

/** The state of the stream, live. */
export function useConnection(): Connection {
  const [state, setState] = useState(connection);
  useEffect(() => {
    const watcher = () => setState(connection);
    watchers.add(watcher);
    watcher();
    return () => {
      watchers.delete(watcher);
    };
  }, []);
  return state;
}

/** Hears events while the component is on the page; the handlers of its last drawing are called. */
export function useLive(current: Handlers): void {
  const latest = useRef(current);
  latest.current = current;
  useEffect(() => {
    const stable: Handlers = {
      hello: (event) => latest.current.hello?.(event),
      'runs-changed': (event) => latest.current['runs-changed']?.(event),
      points: (event) => latest.current.points?.(event),
      'run-event': (event) => latest.current['run-event']?.(event),
    };
    handlers.add(stable);
    return () => {
      handlers.delete(stable);
    };
  }, []);
}
