import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const KEPT = 64;

/** SHA-256 of the parts, each delimited, as hexadecimal digits. */
export function digest(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest('hex');
}

/**
 * The folder of compiled objects, named by the digest of all that went into them, so that a second
 * clone or an installed package need not compile again: `$XDG_CACHE_HOME/laurel/objects`, or
 * `fallback` where that cannot be written.
 */
export function objectCache(fallback, env = process.env) {
  const base = env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache');
  for (const folder of [join(base, 'laurel', 'objects'), fallback]) {
    try {
      mkdirSync(folder, { recursive: true });
      return folder;
    } catch (error) {
      if (folder === fallback) throw error;
    }
  }
}

/** Whether the cache holds `path`; marks it as used now. */
export function isCached(path) {
  try {
    const now = new Date();
    utimesSync(path, now, now);
    return statSync(path).size > 0;
  } catch {
    return false;
  }
}

/** Drops the objects used longest ago. */
export function pruneCache(folder) {
  const used = readdirSync(folder)
    .map((name) => join(folder, name))
    .map((path) => ({ path, at: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.at - a.at);
  for (const { path } of used.slice(KEPT)) rmSync(path, { force: true });
}
