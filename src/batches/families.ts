/** How completions of one prompt stand beside it. */
export type PromptLayout =
  /** Every completion behind a copy of its own. */
  | 'own'
  /** Once, before all completions in the batch that continue it. */
  | 'shared'
  /** Shared where that leaves out at least a twentieth of the batch's tokens: it depends on nothing but the batch. */
  | 'cheapest';

/** A text that continues a prompt. */
export interface Continuation {
  readonly tokens: readonly number[];
  readonly promptLength: number;
}

/** The least share of tokens that must be saved for prompts to be shared. */
const LEAST_SAVING = 1 / 20;

/** Whether prompts are shared where that leaves out `saved` of so many tokens, and nothing else is asked for. */
export const sharesPrompts = (tokens: number, saved: number): boolean =>
  saved > 0 && saved >= LEAST_SAVING * tokens;

/** The same for equal prompts; different for most others. */
function bucketOf({ tokens, promptLength }: Continuation): string {
  const quarters = [0, 1, 2, 3, 4].map((q) => tokens[Math.floor(((promptLength - 1) * q) / 4)]);
  return [promptLength, ...quarters].join();
}

function hasPromptOf(a: Continuation, b: Continuation): boolean {
  if (a.promptLength !== b.promptLength) return false;
  for (let t = 0; t < a.promptLength; t++) if (a.tokens[t] !== b.tokens[t]) return false;
  return true;
}

/** Texts by prompt, in the order of their first: the places of each family's members. */
export function promptFamilies(texts: readonly Continuation[]): number[][] {
  const families: number[][] = [];
  const buckets = new Map<string, number[][]>();
  for (const [item, text] of texts.entries()) {
    const key = bucketOf(text);
    const bucket = buckets.get(key) ?? [];
    buckets.set(key, bucket);
    const known = bucket.find(([first]) => hasPromptOf(texts[first!]!, text));
    if (known !== undefined) {
      known.push(item);
      continue;
    }
    const family = [item];
    bucket.push(family);
    families.push(family);
  }
  return families;
}

/** Which texts share their prompt's place in a row. */
export function familiesFor(texts: readonly Continuation[], prompts: PromptLayout): number[][] {
  const alone = () => texts.map((_, item) => [item]);
  if (prompts === 'own') return alone();
  const families = promptFamilies(texts);
  if (prompts === 'shared') return families;
  const total = texts.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const saved = families.reduce(
    (sum, family) => sum + (family.length - 1) * texts[family[0]!]!.promptLength,
    0,
  );
  return sharesPrompts(total, saved) ? families : alone();
}
