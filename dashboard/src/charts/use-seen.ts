import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** Whether an element has come near the window; a page of forty charts draws those that are looked at. */
export function useSeen<Host extends HTMLElement>(): readonly [RefObject<Host | null>, boolean] {
  const host = useRef<Host>(null);
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    if (host.current === null || isSeen) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) setSeen(true);
      },
      { rootMargin: '200px' },
    );
    observer.observe(host.current);
    return () => observer.disconnect();
  }, [isSeen]);
  return [host, isSeen];
}
