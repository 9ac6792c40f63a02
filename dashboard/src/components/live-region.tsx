import { useEffect, useRef, useState } from 'preact/hooks';

const quietMs = 4000;

/** Says a changing text to screen readers, at most every few seconds; nothing is seen. */
export function LiveRegion({ text }: { text: string }) {
  const [said, setSaid] = useState('');
  const saidAt = useRef(0);
  useEffect(() => {
    const wait = Math.max(0, saidAt.current + quietMs - Date.now());
    const timer = setTimeout(() => {
      saidAt.current = Date.now();
      setSaid(text);
    }, wait);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <p class="hidden-visually" aria-live="polite">
      {said}
    </p>
  );
}
