import { ConfigError } from '../../errors.ts';
import type { RunAnnotations } from './stored-run.ts';

const MOST_CHARACTERS = { name: 200, tag: 60, notes: 100_000 } as const;

/** @throws ConfigError for a name, tag or note that would be empty, too long, or break a table. */
export function checkAnnotations({ name, notes, tags }: RunAnnotations): void {
  if (name !== undefined) checkWord('name', name);
  for (const tag of tags ?? []) checkWord('tag', tag);
  if (notes !== undefined && notes.length > MOST_CHARACTERS.notes)
    throw new ConfigError(
      `notes: expected at most ${MOST_CHARACTERS.notes} characters, found ${notes.length}`,
    );
}

function checkWord(what: 'name' | 'tag', text: string): void {
  const most = MOST_CHARACTERS[what];
  const isFit = text.trim() === text && text !== '' && text.length <= most && !/\p{Cc}/u.test(text);
  const isList = what === 'tag' && text.includes(',');
  if (!isFit || isList)
    throw new ConfigError(
      `${what}: expected 1 to ${most} characters on one line${what === 'tag' ? ', no comma' : ''}, no blank at either end, found ${JSON.stringify(text)}`,
    );
}
