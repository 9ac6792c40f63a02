import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { PreferenceExample } from '../../../data/index.ts';
import { DataError } from '../../../errors.ts';

/** Human preferences over the last turn of a dialogue: hh-rlhf, harmless-base, test split. */
const FILE = 'preferences/hh-rlhf-harmless-base-test.jsonl.gz';

const TURN = '\n\nAssistant:';

/** The file of dialogues in a folder of data sets; undefined where there is none. */
export function dialoguesFile(data: string | null): string | undefined {
  if (data === null) return undefined;
  const file = join(data, FILE);
  return existsSync(file) ? file : undefined;
}

/** The dialogues as they are published: both whole, alike up to the last turn of the assistant. */
interface DialogueRow {
  readonly chosen: string;
  readonly rejected: string;
}

const isRow = (value: unknown): value is DialogueRow =>
  typeof (value as DialogueRow).chosen === 'string' &&
  typeof (value as DialogueRow).rejected === 'string';

function parseRow(line: string, number: number, file: string): DialogueRow {
  const row: unknown = JSON.parse(line);
  if (isRow(row)) return row;
  throw new DataError('expected texts `chosen` and `rejected`', { file, line: number });
}

/** Where the last turn begins that both still share. */
function sharedTurns({ chosen, rejected }: DialogueRow): number {
  let same = 0;
  while (same < chosen.length && chosen[same] === rejected[same]) same++;
  return chosen.lastIndexOf(TURN, same) + TURN.length;
}

export interface DialogueOptions {
  /** Characters kept of a prompt, from its end, and of a completion, from its start. */
  readonly promptLength: number;
  readonly completionLength: number;
}

/** A pair, with the whole better dialogue and the question that it begins with. */
export interface Dialogue extends PreferenceExample {
  readonly opening: string;
  readonly text: string;
}

function dialogueOf(row: DialogueRow, index: number, options: DialogueOptions): Dialogue {
  const border = sharedTurns(row);
  const [opening = ''] = row.chosen.split(TURN);
  return {
    example: { index, columns: {} },
    opening,
    text: row.chosen,
    prompt: row.chosen.slice(0, border).slice(-options.promptLength),
    chosen: row.chosen.slice(border, border + options.completionLength),
    rejected: row.rejected.slice(border, border + options.completionLength),
  };
}

/** Reads all of them; pairs that are alike as far as they are kept are left out. */
export function readDialogues(file: string, options: DialogueOptions): Dialogue[] {
  const lines = gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n');
  return lines
    .map((line, index) => dialogueOf(parseRow(line, index + 1, file), index, options))
    .filter(({ chosen, rejected }) => chosen !== rejected && chosen !== '' && rejected !== '');
}

export interface DialogueSplit<Row> {
  readonly policy: readonly Row[];
  readonly rewardModel: readonly Row[];
  readonly held: readonly Row[];
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

function byOpening<Row extends { readonly opening: string }>(rows: readonly Row[]) {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(row.opening, [...(groups.get(row.opening) ?? []), row]);
  return groups;
}

/**
 * Splits by the opening question, so that no question of the held-out rows is trained on. The order is that of a hash,
 * the same wherever it is computed. The held-out part is filled first, then that of the reward model, each with whole
 * openings; the rest is the policy's.
 */
export function splitDialogues<Row extends { readonly opening: string }>(
  rows: readonly Row[],
  { held, rewardModel }: { held: number; rewardModel: number },
): DialogueSplit<Row> {
  const groups = [...byOpening(rows)]
    .map(([opening, group]) => ({ place: hash(opening), group }))
    .sort((a, b) => (a.place < b.place ? -1 : 1));
  const parts = { held: [] as Row[], rewardModel: [] as Row[], policy: [] as Row[] };
  for (const { group } of groups) {
    const fits = (part: Row[], size: number) => part.length + group.length <= size;
    if (fits(parts.held, held)) parts.held.push(...group);
    else if (fits(parts.rewardModel, rewardModel)) parts.rewardModel.push(...group);
    else parts.policy.push(...group);
  }
  return parts;
}
