const paths = {
  sun: 'M12 7.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM12 2v2m0 16v2M2 12h2m16 0h2M4.9 4.9l1.4 1.4m11.4 11.4 1.4 1.4M19.1 4.9l-1.4 1.4M6.3 17.7l-1.4 1.4',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z',
  help: 'M9.3 9.2a2.8 2.8 0 1 1 4.2 2.4c-.9.6-1.5 1.2-1.5 2.3M12 17.3v.1M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z',
  close: 'M6 6l12 12M18 6 6 18',
  table: 'M4 5h16v14H4zM4 10h16M4 14.5h16M10 5v14',
  expand: 'M9 4H4v5m11-5h5v5M9 20H4v-5m11 5h5v-5',
  left: 'M14.5 6 8.5 12l6 6',
  right: 'M9.5 6l6 6-6 6',
} as const;

/** A line drawing beside or instead of a word; the word is said by whoever shows it. */
export function Icon({ name, size = 18 }: { name: keyof typeof paths; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.7"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={paths[name]} />
    </svg>
  );
}

/** The mark: a sprig of laurel. */
export function Sprig() {
  return (
    <svg width="22" height="22" viewBox="0 0 24 24" fill="currentColor" aria-hidden="true">
      <path
        d="M5 21C7 14 11 8 19 3"
        fill="none"
        stroke="currentColor"
        stroke-width="1.6"
        stroke-linecap="round"
      />
      <path d="M11.2 10.2C8 9.4 6.6 6.9 7.2 3.6c3.2.9 4.8 3.3 4 6.6Z" />
      <path d="M8.3 14.8C5 14.8 3 12.8 2.7 9.5c3.3 0 5.4 2 5.6 5.3Z" />
      <path d="M13.6 7.7c2.3 2.3 5.2 2.6 7.9.6-2.2-2.4-5.2-2.6-7.9-.6Z" />
      <path d="M9.6 12.6c2.1 2.6 5 3.2 8 1.5-1.9-2.7-5-3.3-8-1.5Z" />
    </svg>
  );
}
