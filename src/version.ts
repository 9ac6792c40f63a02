import { readFileSync } from 'node:fs';

/** Laurel's version, as its package says. */
export function laurelVersion(): string {
  const file = new URL('../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
