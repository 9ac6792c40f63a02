import { useEffect, useState } from 'preact/hooks';

/** What the page is drawn in. */
export type Theme = 'light' | 'dark';

const storageKey = 'laurel-theme'; // public/theme.js reads it before the first paint.
const darkQuery = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

darkQuery.addEventListener('change', notify);

function notify(): void {
  for (const listener of [...listeners]) listener();
}

/** The theme now: the chosen one, else the system's. */
export function currentTheme(): Theme {
  const chosen = document.documentElement.dataset['theme'];
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return darkQuery.matches ? 'dark' : 'light';
}

/** Changes to the other theme and remembers it. */
export function toggleTheme(): void {
  const next: Theme = currentTheme() === 'dark' ? 'light' : 'dark';
  document.documentElement.dataset['theme'] = next;
  try {
    localStorage.setItem(storageKey, next);
  } catch {
    // Storage may be switched off: the theme then lasts as long as the page.
  }
  notify();
}

/** The theme, live. */
export function useTheme(): Theme {
  const [theme, setTheme] = useState(currentTheme);
  useEffect(() => {
    const listener = () => setTheme(currentTheme());
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, []);
  return theme;
}

/** The value of a colour token under the present theme, for what is drawn on a canvas. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
