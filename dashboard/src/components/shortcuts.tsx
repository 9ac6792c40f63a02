import { useEffect, useRef } from 'preact/hooks';
import { navigate } from '../router.ts';
import { toggleTheme } from '../theme.ts';
import { Icon } from './icon.tsx';

/** Every key the pages listen for, as the help shows them. */
export const shortcuts = [
  ['?', 'this help'],
  ['g then p', 'papers'],
  ['g then r', 'runs'],
  ['/', 'search on this page'],
  ['d', 'light or dark'],
  ['← →', 'earlier or later step, on the page of completions'],
  ['Shift ← →', 'move a zoomed chart that has the focus'],
  ['+ −', 'zoom a chart that has the focus; 0 shows all'],
] as const;

const typedInto =
  'input:not([type=checkbox], [type=radio], [type=range]), textarea, select, dialog';

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest(typedInto) !== null;

/** Opens the list of shortcuts, by the button or `?`; listens for those that work on every page. */
export function ShortcutsButton() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => listen(() => dialog.current?.showModal()), []);
  return (
    <>
      <button
        type="button"
        class="icon-button"
        aria-label="Keyboard shortcuts"
        title="Keyboard shortcuts (?)"
        onClick={() => dialog.current?.showModal()}
      >
        <Icon name="help" />
      </button>
      <dialog ref={dialog} aria-labelledby="shortcuts-title">
        <h2 id="shortcuts-title">Keyboard shortcuts</h2>
        <dl class="shortcuts">
          {shortcuts.map(([keys, does]) => (
            <>
              <dt key={keys}>
                <kbd>{keys}</kbd>
              </dt>
              <dd>{does}</dd>
            </>
          ))}
        </dl>
        <form method="dialog" class="dialog-actions">
          <button type="submit" class="button">
            Close
          </button>
        </form>
      </dialog>
    </>
  );
}

function listen(openHelp: () => void): () => void {
  let isAfterG = false;
  const goTo: Record<string, string> = { p: '/', r: '/runs' };
  const onKey = (event: KeyboardEvent) => {
    if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    const href = isAfterG ? goTo[event.key] : undefined;
    isAfterG = event.key === 'g';
    if (href !== undefined) navigate(href);
    else if (event.key === '?') openHelp();
    else if (event.key === 'd') toggleTheme();
    else if (event.key === '/') focusSearch(event);
  };
  document.addEventListener('keydown', onKey);
  return () => document.removeEventListener('keydown', onKey);
}

function focusSearch(event: KeyboardEvent): void {
  const search = document.querySelector<HTMLInputElement>('main input[type="search"]');
  if (search === null) return;
  event.preventDefault();
  search.focus();
}
