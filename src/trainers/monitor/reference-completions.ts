import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileDurably } from '../../checkpoints/index.ts';
import type { Tokenizer } from '../../tokenizers/index.ts';
import type { Prompt, Rollout, RolloutGroup } from '../../types.ts';

const fileName = 'monitor-reference.json';

/** One completion as it is kept. */
type Kept = Pick<Rollout, 'tokens' | 'text' | 'finishReason'>;

interface KeptFile {
  /** What the completions are of. */
  readonly key: string;
  /** Of `completions`, so that damage is noticed. */
  readonly digest: string;
  /** [P][G] */
  readonly completions: readonly (readonly Kept[])[];
}

const digestOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);

/** A name for prompts and the way that completions of them are drawn: another one where any of it is another. */
export const referenceKey = (prompts: readonly Prompt[], drawing: object): string =>
  digestOf([prompts.map(({ tokens }) => tokens), drawing]);

const keptOf = (groups: readonly RolloutGroup[]): Kept[][] =>
  groups.map(({ rollouts }) =>
    rollouts.map(({ tokens, text, finishReason }) => ({ tokens, text, finishReason })),
  );

const groupsOf = (
  prompts: readonly Prompt[],
  completions: readonly (readonly Kept[])[],
): RolloutGroup[] =>
  prompts.map((prompt, p) => ({
    prompt,
    rollouts: completions[p]!.map((completion) => ({ ...completion, logprobs: [] })),
  }));

/** Keeps the reference generator's completions beside a run. */
export function writeReferenceCompletions(
  folder: string,
  key: string,
  groups: readonly RolloutGroup[],
): void {
  const completions = keptOf(groups);
  const file: KeptFile = { key, digest: digestOf(completions), completions };
  writeFileDurably(join(folder, fileName), `${JSON.stringify(file)}\n`);
}

/** What was kept of these prompts. @returns undefined where there is nothing; `damaged` where it cannot be used. */
export function readReferenceCompletions(
  folder: string,
  key: string,
  prompts: readonly Prompt[],
): RolloutGroup[] | 'damaged' | undefined {
  const path = join(folder, fileName);
  if (!existsSync(path)) return undefined;
  try {
    const file = JSON.parse(readFileSync(path, 'utf8')) as KeptFile;
    if (file.digest !== digestOf(file.completions)) return 'damaged';
    return file.key === key ? groupsOf(prompts, file.completions) : undefined;
  } catch {
    return 'damaged'; // Not JSON; the caller tells and draws anew.
  }
}

/** Completions that were given as text. */
export const givenCompletions = (
  prompts: readonly Prompt[],
  texts: readonly (readonly string[])[],
  tokenizer: Tokenizer,
): RolloutGroup[] =>
  groupsOf(
    prompts,
    texts.map((group) =>
      group.map((text) => ({ text, tokens: tokenizer.encode(text), finishReason: 'stop' })),
    ),
  );
