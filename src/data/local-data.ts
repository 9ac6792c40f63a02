import { readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, sep } from 'node:path';

/** Variables of the process that say where data is. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a path is, following links. */
export function pathKind(path: string): 'file' | 'folder' | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  return stats.isDirectory() ? 'folder' : 'file';
}

/** Replaces a leading `~` by the user's home folder. */
export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}

/** Paths of a folder's files relative to it, with `/`, at most three folders deep; hidden ones left out. */
export function listFolder(folder: string, depth = 3): string[] {
  const visible = readdirSync(folder).filter((name) => !name.startsWith('.'));
  return visible.sort().flatMap((name) => {
    if (pathKind(join(folder, name)) !== 'folder') return [name];
    return depth === 0
      ? []
      : listFolder(join(folder, name), depth - 1).map((rest) => `${name}/${rest}`);
  });
}

/**
 * Places where `LAUREL_DATA` says a named dataset may be, best first. The variable holds folders, separated as in PATH:
 * `openai/gsm8k` is looked for at `FOLDER/openai/gsm8k`, then at `FOLDER/gsm8k`. An entry `name=path` maps one name.
 */
export function mappedPaths(name: string, environment: Environment): string[] {
  const { LAUREL_DATA = '' } = environment;
  const last = name.slice(name.lastIndexOf('/') + 1);
  return LAUREL_DATA.split(delimiter)
    .filter((entry) => entry !== '')
    .flatMap((entry) => {
      const equals = entry.indexOf('=');
      const root = expandHome(entry.slice(equals + 1));
      if (equals !== -1) return entry.slice(0, equals) === name ? [root] : [];
      return [...new Set([join(root, name), join(root, last)])];
    })
    .map((path) => (path.endsWith(sep) ? path.slice(0, -1) : path));
}
