// What the fuzzer found, each as small as it goes.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { resolveConfig } from '../../src/config/index.ts';
import { readCsv } from '../../src/data/read-csv.ts';
import { loadTokenizer } from '../../src/tokenizers/index.ts';
import { grpoConfig } from '../../src/trainers/config/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'laurel-findings-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

test.each([
  ['an alias without an anchor', 'a: *b\n', /Unresolved alias/],
  ['aliases that multiply', aliasBomb(), /Excessive alias count/],
  ['flow values nested deep', `a: ${'['.repeat(20_000)}`, /nested more than 64 deep/],
  ['block values nested deep', `${'- '.repeat(20_000)}x`, /nested more than 64 deep/],
  ['a file too long for a configuration', '#'.repeat(2 ** 20 + 1), /has at most 1048576/],
])('YAML with %s is an error of the file', (_, yaml, message) => {
  const yamlFile = write('config.yaml', yaml);
  expect(() => resolveConfig(grpoConfig, { yamlFile })).toThrow(message);
  expect(() => resolveConfig(grpoConfig, { yamlFile })).toThrow(/config\.yaml: /);
});

/** Nine levels of nine aliases each: 9⁹ values. */
function aliasBomb(): string {
  const level = (n: number) =>
    `l${n}: &l${n} [${Array(9)
      .fill(`*l${n - 1}`)
      .join(', ')}]\n`;
  return `l0: &l0 [x]\n${Array.from({ length: 9 }, (_, n) => level(n + 1)).join('')}`;
}

const golden = new URL('../golden/tokenizers/trained/bytes-bpe/tokenizer.json', import.meta.url);

function loadChanged(change: (json: Record<string, Record<string, unknown>>) => void) {
  const json = JSON.parse(readFileSync(golden, 'utf8'));
  change(json);
  write('tokenizer.json', JSON.stringify(json));
  write('tokenizer_config.json', '{"eos_token":"<|eos|>"}');
  return () => loadTokenizer(folder);
}

test('a tokenizer whose pattern never comes to an end is refused after two seconds', () => {
  const load = loadChanged((json) => {
    const pattern = { Regex: '(a+)+$' };
    json['pre_tokenizer'] = { type: 'Split', pattern, behavior: 'Isolated', invert: false };
  });
  expect(load).toThrow(/tokenizer\.json: cannot use this tokenizer: it takes too long to encode/);
});

test('a vocabulary whose ids are no whole numbers is refused', () => {
  const load = loadChanged((json) => {
    (json['model']!['vocab'] as Record<string, unknown>)['a'] = 1.5;
  });
  expect(load).toThrow(/cannot use this tokenizer: 1.5 is no token id/);
});

test('a CSV file whose quote is never closed gives its rows, and one error that names the line', async () => {
  const file = write('rows.csv', `a,b\n1,2\n"3,4\n${'5,6\n'.repeat(50_000)}`);
  const rows = [];
  for await (const row of readCsv(file)) rows.push(row);
  expect(rows.length).toBe(2);
  expect(rows[0]!.columns).toEqual({ a: '1', b: '2' });
  expect(rows[1]!.error!.message).toMatch(/rows\.csv:\d+: Quote Not Closed/);
});
