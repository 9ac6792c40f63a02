import { fileURLToPath } from 'node:url';
import type { Attempt } from '../../runs/index.ts';

/** Laurel's own command line: what a resumed run is started with, whatever program its record names. */
const program = fileURLToPath(new URL('../../../bin/laurel.mjs', import.meta.url));

/**
 * The arguments that go on with a run: those of its last attempt, and its folder at the end, where it wins.
 * @returns undefined where it was not started by one of these trainers' commands.
 */
export function resumeArguments(
  { command }: Pick<Attempt, 'command'>,
  trainers: ReadonlySet<string>,
  folder: string,
): string[] | undefined {
  const [script = '', trainer = '', ...options] = command;
  const isLaurel = /(?:^|[\\/])laurel(?:\.mjs)?$/.test(script);
  if (!isLaurel || !trainers.has(trainer)) return undefined;
  return [program, trainer, ...options, '--resume_from_checkpoint', folder];
}
