import { useEffect, useRef, useState } from 'preact/hooks';

const shownMs = 2000;

/** A command in a box, with a button that copies it. */
export function CopyCommand({ command }: { command: string }) {
  const code = useRef<HTMLElement>(null);
  const [answer, setAnswer] = useState('');
  useEffect(() => {
    if (answer === '') return;
    const timer = setTimeout(() => setAnswer(''), shownMs);
    return () => clearTimeout(timer);
  }, [answer]);
  return (
    <div class="copy-command">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways where the page is narrow */}
      <code ref={code} tabIndex={0}>
        {command}
      </code>
      <button
        type="button"
        class="button"
        aria-label={`Copy ${command}`}
        onClick={() => copy(command, code.current).then(setAnswer)}
      >
        {answer === '' ? 'Copy' : answer}
      </button>
      <span class="hidden-visually" role="status">
        {answer}
      </span>
    </div>
  );
}

/** Browsers give the clipboard to secure pages alone; elsewhere the text is marked, to be copied by hand. */
async function copy(text: string, element: HTMLElement | null): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
    return 'Copied';
  } catch {
    if (element !== null) getSelection()?.selectAllChildren(element);
    return 'Marked';
  }
}
