import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** Options that say how a run is taken up, not how it trains. */
const aboutResuming = new Set(['resume_from_checkpoint', 'output_dir', 'run_name']);

const show = (value: unknown): string => JSON.stringify(value);

/**
 * The options in which a resumed run differs from what its folder says, as `name: before → now`. Defaults are written out, so
 * an option that one side lacks was not known to the program, or the version of it, that wrote that side.
 */
export function optionChanges(configFile: string, configYaml: string): string[] {
  if (!existsSync(configFile)) return [];
  const before = (parse(readFileSync(configFile, 'utf8')) ?? {}) as Record<string, unknown>;
  const now = (parse(configYaml) ?? {}) as Record<string, unknown>;
  const names = Object.keys(before).filter((name) => Object.hasOwn(now, name));
  return names
    .filter((name) => !aboutResuming.has(name) && show(before[name]) !== show(now[name]))
    .map((name) => `${name}: ${show(before[name])} → ${show(now[name])}`);
}
