import { FindingCounter } from './finding.ts';
import type { SemanticIdTable } from './item-table.ts';
import { readJsonObject } from './json-object.ts';

/** Reads `{"item": ["<a_114>", "<b_32>", …]}`: each item's words in the semantic vocabulary. */
export async function readSemanticIds(file: string): Promise<SemanticIdTable> {
  const malformed = new FindingCounter(
    'malformed_semantic_ids',
    'semantic ids that are not a list of words, left out',
  );
  const ids = new Map<string, readonly string[]>();
  for (const [key, words] of Object.entries(await readJsonObject(file))) {
    if (isWords(words)) ids.set(key, words);
    else malformed.add(() => `${file}: item ${key}: ${JSON.stringify(words).slice(0, 80)}`);
  }
  return { ids, findings: malformed.findings() };
}

const isWords = (value: unknown): value is string[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((word) => typeof word === 'string' && word !== '');
