import { useConnection } from '../live.ts';
import { toggleTheme, useTheme } from '../theme.ts';
import { Icon, Sprig } from './icon.tsx';
import { ShortcutsButton } from './shortcuts.tsx';

const places = [
  { href: '/', name: 'Papers', isHere: (path: string) => path === '/' || /^\/papers\//.test(path) },
  { href: '/runs', name: 'Runs', isHere: (path: string) => /^\/(runs|compare)\b/.test(path) },
];

/** Wordmark, navigation, whether the page is live, theme, help. */
export function SiteHeader({ path }: { path: string }) {
  return (
    <header class="site-header">
      <div class="site-header-row">
        <a class="wordmark" href="/">
          <Sprig />
          Laurel
        </a>
        <nav class="site-nav" aria-label="Main">
          {places.map(({ href, name, isHere }) => (
            <a key={href} href={href} aria-current={isHere(path) ? 'page' : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <div class="site-tools">
          <ConnectionState />
          <ThemeButton />
          <ShortcutsButton />
        </div>
      </div>
    </header>
  );
}

const connectionWords = { connecting: 'Connecting…', live: 'Live', lost: 'Server gone, retrying' };

function ConnectionState() {
  const state = useConnection();
  return (
    <span class="connection" data-state={state} role="status">
      {connectionWords[state]}
    </span>
  );
}

function ThemeButton() {
  const other = useTheme() === 'dark' ? 'light' : 'dark';
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={`Use the ${other} theme`}
      title={`Use the ${other} theme (d)`}
      onClick={toggleTheme}
    >
      <Icon name={other === 'dark' ? 'moon' : 'sun'} />
    </button>
  );
}
