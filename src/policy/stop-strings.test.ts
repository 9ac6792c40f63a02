import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { letters, tinyPolicy } from '../../test/support/tiny-policy.ts';
import { byteTokenizer, loadTokenizer, type Tokenizer } from '../tokenizers/index.ts';
import { StopMatcher } from './stop-matcher.ts';

const goldenFolder = join(import.meta.dirname, '../../test/golden');
const bytes = byteTokenizer();
const pieces = loadTokenizer(join(goldenFolder, 'tokenizers/trained/bytes-bpe-v5'));

/** Which token ends the text, and the text it leaves. */
function watch(tokenizer: Tokenizer, tokens: readonly number[], stops: readonly string[]) {
  const matcher = new StopMatcher(tokenizer, stops);
  const endsAt = tokens.findIndex((token) => matcher.push(token));
  return { endsAt: endsAt < 0 ? null : endsAt, text: matcher.finish() };
}

interface Golden {
  cases: { text: string; stops: string[]; tokens: number[]; stops_at: number | null }[];
}

const golden = JSON.parse(
  readFileSync(join(goldenFolder, 'sampling/stops.json'), 'utf8'),
) as Golden;

test.each(golden.cases.map((entry) => [entry.text, entry.stops, entry] as const))(
  '%j stops at %j where transformers’ StopStringCriteria stops it',
  (text, stops, { tokens, stops_at }) => {
    expect(pieces.encode(text)).toEqual(tokens);
    const { endsAt, text: left } = watch(pieces, tokens, stops);
    expect(endsAt).toBe(stops_at);
    const cuts = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
    expect(left).toBe(text.slice(0, Math.min(...cuts, text.length)));
  },
);

test('a stop string that begins inside one token and ends inside another ends the text', () => {
  const tokens = pieces.encode('The answer is 42.');
  const spelled = tokens.map((token) => pieces.decode([token]));
  // `an` | `sw` … : the stop string's first and last letters stand inside tokens of two letters or more.
  const from = spelled.findIndex((piece, i) => piece.length > 1 && spelled[i + 1]!.length > 1);
  const stop = spelled[from]!.slice(1) + spelled[from + 1]!.slice(0, 1);
  expect(watch(pieces, tokens, [stop])).toEqual({
    endsAt: from + 1,
    text: spelled.slice(0, from).join('') + spelled[from]!.slice(0, 1),
  });
});

test.each([
  // Bytes before: c a f (3) + é (2) + space (1) + ☕ (3) + ! (1): tokens count from 0.
  ['☕', 8, 'café '],
  ['é', 4, 'caf'],
  ['é ☕', 8, 'caf'],
  ['☕!', 9, 'café '],
])(
  '%s, whose bytes are tokens of their own, ends the text when it is whole',
  (stop, endsAt, text) => {
    expect(watch(bytes, bytes.encode('café ☕! more'), [stop])).toEqual({ endsAt, text });
  },
);

test('bytes of a character that a stop string shares are not the stop string', () => {
  // é is C3 A9 and è is C3 A8; € is E2 82 AC and ₭ is E2 82 AD.
  expect(watch(bytes, bytes.encode('è ₭'), ['é', '€'])).toEqual({ endsAt: null, text: 'è ₭' });
});

test('a text cut inside a character keeps what was whole, and a mark for what was not', () => {
  const tokens = bytes.encode('né€').slice(0, -1);
  expect(watch(bytes, tokens, ['€'])).toEqual({ endsAt: null, text: 'né\uFFFD' });
});

test('of several stop strings the one that is whole first ends the text', () => {
  const tokens = bytes.encode('one, two; three');
  expect(watch(bytes, tokens, [';', ',', 'one, two'])).toEqual({ endsAt: 3, text: 'one' });
  expect(watch(bytes, tokens, ['two;', 'wo', ' two'])).toEqual({ endsAt: 7, text: 'one,' });
});

test('a stop string that overlaps itself is found', () => {
  expect(watch(bytes, bytes.encode('aaab aab!'), ['aab!'])).toEqual({ endsAt: 8, text: 'aaab ' });
});

test('the name of a special token ends the text at that token', () => {
  const special = Math.max(...bytes.specialTokenIds);
  const name = bytes.idToToken(special)!;
  const tokens = [...bytes.encode('hi'), special, ...bytes.encode('no')];
  expect(watch(bytes, tokens, [name])).toEqual({ endsAt: 2, text: 'hi' });
});

const policy = tinyPolicy();
const greedy = (maxCompletionLength: number, stopStrings: readonly string[] = []) =>
  policy
    .sample('h', { temperature: 0, maxCompletionLength, stopStrings })
    .then(([rollout]) => rollout!);

test('the length limit ends a completion in the middle of a stop string, whose beginning stays', async () => {
  const { text } = await greedy(12);
  const stop = text.slice(4, 7);
  const at = text.indexOf(stop);
  const { tokens } = await greedy(12, [stop]);
  const cut = await greedy(tokens.length - 1, [stop]);
  expect(cut.finishReason).toBe('length');
  expect(cut.text).toBe(text.slice(0, at + 2));
  const whole = await greedy(tokens.length, [stop]);
  expect(whole).toMatchObject({ finishReason: 'stop', text: text.slice(0, at) });
  expect(letters.decode(whole.tokens)).toBe(text.slice(0, at + 3));
});

test('an empty stop string is refused', async () => {
  await expect(greedy(3, ['', 'a'])).rejects.toThrow(/stop_strings: .* found an empty one/);
});

test('watching costs as much for the last token as for the first', () => {
  const count = 60_000;
  const matcher = new StopMatcher(bytes, ['never', '\n\nQuestion:']);
  const seconds = Array.from({ length: 3 }, () => {
    const startedAt = performance.now();
    for (let i = 0; i < count; i++) matcher.push(97 + (i % 3));
    return performance.now() - startedAt;
  });
  // Were each push to read the whole text, the third part would take five times the first.
  expect(seconds[2]!).toBeLessThan(3 * Math.max(seconds[0]!, 20));
  expect(matcher.finish().length).toBe(3 * count);
});
