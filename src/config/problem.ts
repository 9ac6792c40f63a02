import { ConfigError } from '../errors.ts';

/** One thing wrong in a configuration, and where. */
export interface Problem {
  /** What was expected and found, or what to change. */
  readonly message: string;
  /** Option name as the user writes it, dotted where nested; empty for the whole. */
  readonly at: string;
  /** Where it was written: `train.yaml, line 4` or `--beta`. */
  readonly source?: string | undefined;
}

/** Lists problems one by one: `✖ message` and, below it, `→ at option (source)`. */
export function formatProblems(problems: readonly Problem[]): string {
  return problems
    .map(({ message, at, source }) => {
      const place = [at, source === undefined ? '' : `(${source})`].filter(Boolean).join(' ');
      return place === '' ? `✖ ${message}` : `✖ ${message}\n  → at ${place}`;
    })
    .join('\n');
}

/** Throws one ConfigError that lists every problem; does nothing when there is none. */
export function throwProblems(title: string, problems: readonly Problem[]): void {
  if (problems.length > 0) throw new ConfigError(`${title}\n${formatProblems(problems)}`);
}
