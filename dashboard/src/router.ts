import { useEffect, useState } from 'preact/hooks';

/** Where the reader is: path and query of the address bar. */
export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

const readPlace = (): Place => ({
  path: location.pathname,
  query: new URLSearchParams(location.search),
});

let place = readPlace();
const listeners = new Set<() => void>();

function notify(): void {
  place = readPlace();
  for (const listener of listeners) listener();
}

/** Goes to an address of these pages; `replace` leaves no entry in the history, for filters. */
export function navigate(href: string, history: 'push' | 'replace' = 'push'): void {
  if (history === 'push') window.history.pushState(null, '', href);
  else window.history.replaceState(null, '', href);
  notify();
}

/** The reader's place; the component is drawn anew when it changes. */
export function usePlace(): Place {
  const [current, setCurrent] = useState(place);
  useEffect(() => {
    const listener = () => setCurrent(place);
    listeners.add(listener);
    listener();
    return () => {
      listeners.delete(listener);
    };
  }, []);
  return current;
}

/** Sets parameters of the query without an entry in the history; null removes one. */
export function setQuery(changes: Readonly<Record<string, string | null>>): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  navigate(`${location.pathname}${text === '' ? '' : `?${text}`}`, 'replace');
}

/** `/runs/:id` against `/runs/7` → `{ id: '7' }`; undefined where it does not match. */
export function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/').filter(Boolean);
  const found = path.split('/').filter(Boolean);
  if (wanted.length !== found.length) return undefined;
  const values: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const text = decodeURIComponent(found[index]!);
    if (part.startsWith(':')) values[part.slice(1)] = text;
    else if (part !== text) return undefined;
  }
  return values;
}

/** Follows links within these pages without loading the document again. */
export function followLinks(): () => void {
  const onClick = (event: MouseEvent) => {
    const link = (event.target as Element | null)?.closest('a');
    if (!link || event.defaultPrevented || event.button !== 0 || hasModifier(event)) return;
    if (link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    // Answers of the server and its own pages are no places of the router.
    if (/^\/(api|subscriptions)\//.test(link.pathname) || link.hash) return;
    event.preventDefault();
    navigate(link.pathname + link.search);
    window.scrollTo(0, 0);
  };
  document.addEventListener('click', onClick);
  window.addEventListener('popstate', notify);
  return () => {
    document.removeEventListener('click', onClick);
    window.removeEventListener('popstate', notify);
  };
}

const hasModifier = (event: MouseEvent): boolean =>
  event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
