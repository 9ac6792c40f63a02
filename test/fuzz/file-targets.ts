import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { listFields, resolveConfig } from '../../src/config/index.ts';
import { liveTensors, readSafetensors, tidy } from '../../src/tensor/index.ts';
import { loadTokenizer } from '../../src/tokenizers/index.ts';
import { grpoConfig } from '../../src/trainers/config/index.ts';
import { type FuzzTarget, textSeeds } from './target.ts';

const golden = (name: string): URL => new URL(`../golden/${name}`, import.meta.url);

const dtypes = ['F64', 'F32', 'F16', 'BF16', 'I64', 'I32', 'I16', 'I8', 'U8', 'BOOL', 'F8_E4M3'];

// Loads libtorch, whose memory is none of a reader's.
liveTensors();

function safetensorsBytes(header: string, data: Uint8Array, claimed?: bigint): Buffer {
  const json = Buffer.from(header, 'utf8');
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(claimed ?? BigInt(json.length));
  return Buffer.concat([prefix, json, data]);
}

const count = fc.oneof(fc.nat(8), fc.nat(), fc.maxSafeNat(), fc.integer(), fc.double());
const entry = fc.record({
  dtype: fc.oneof(fc.constantFrom(...dtypes), fc.string()),
  shape: fc.oneof(fc.array(count, { maxLength: 6 }), fc.jsonValue()),
  data_offsets: fc.oneof(fc.array(count, { maxLength: 3 }), fc.jsonValue()),
});
const safetensorsHeader = fc
  .dictionary(fc.oneof(fc.string(), fc.constant('__metadata__')), fc.oneof(entry, fc.jsonValue()))
  .map((header) => JSON.stringify(header));

/** Tensors that lie one after another, as the format asks, whatever their shapes. */
const wellFormed = fc
  .array(fc.tuple(fc.string(), fc.array(fc.nat(3), { maxLength: 5 }), fc.nat(9)), { maxLength: 8 })
  .map((tensors) => {
    const widths = [8, 4, 2, 2, 8, 4, 2, 1, 1, 1];
    let position = 0;
    const header = tensors.map(([name, shape, dtype]) => {
      const size = shape.reduce((product, length) => product * length, widths[dtype]!);
      const offsets = [position, position + size];
      position += size;
      return [name, { dtype: dtypes[dtype], shape, data_offsets: offsets }] as const;
    });
    return safetensorsBytes(JSON.stringify(Object.fromEntries(header)), Buffer.alloc(position, 7));
  });

export const safetensorsTarget: FuzzTarget = {
  name: 'safetensors',
  file: 'model.safetensors',
  seeds: ['models/dtypes.safetensors', 'models/misaligned.safetensors'].map((name) =>
    readFileSync(golden(name)),
  ),
  words: [...dtypes.map((name) => `"${name}"`), '"shape":[', '"data_offsets":[0,', '__metadata__'],
  structured: fc.oneof(
    wellFormed,
    fc
      .tuple(
        safetensorsHeader,
        fc.uint8Array({ maxLength: 64 }),
        fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
      )
      .map(([header, data, claimed]) => safetensorsBytes(header, data, claimed ?? undefined)),
  ),
  async read(path) {
    const file = readSafetensors(path);
    for (const name of file.names) tidy(() => void file.tensor(name).sum().toArray());
  },
};

const trained = golden('tokenizers/trained/');
const tokenizerSeeds: Buffer[] = readdirSync(trained, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('tokenizer.json'))
  .map((name) => readFileSync(new URL(name, trained)))
  .filter(({ length }) => length < 1 << 16)
  .map((bytes) => Buffer.from(bytes.toString('utf8').replaceAll('<|eos|>', '</s>')));
const wordModels = [
  {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: { '[UNK]': 0, '</s>': 1, hello: 2, '##o': 3, w: 4, '1': 5, '##2': 6 },
  },
  {
    type: 'Unigram',
    unk_id: 0,
    vocab: [
      ['<unk>', 0],
      ['</s>', 0],
      ['▁', -2],
      ['h', -3],
      ['e', -3],
      ['ll', -4],
      ['o', -3],
    ],
  },
].map((model, kind) => ({
  version: '1.0',
  added_tokens: [{ id: 1, content: '</s>', special: true, normalized: false }],
  normalizer:
    kind === 0
      ? { type: 'BertNormalizer', clean_text: true, lowercase: true, strip_accents: null }
      : { type: 'Sequence', normalizers: [{ type: 'NFKC' }, { type: 'Lowercase' }] },
  pre_tokenizer:
    kind === 0
      ? { type: 'BertPreTokenizer' }
      : { type: 'Metaspace', replacement: '▁', add_prefix_space: true },
  post_processor: null,
  decoder:
    kind === 0 ? { type: 'WordPiece', prefix: '##' } : { type: 'Metaspace', replacement: '▁' },
  model,
}));
tokenizerSeeds.push(...textSeeds(...wordModels.map((model) => JSON.stringify(model))));
const tokenizerDocuments = tokenizerSeeds.map((bytes) => JSON.parse(bytes.toString('utf8')));

type Json = Record<string, unknown>;

/** A copy with the value at a place chosen by `steps` replaced. */
function replaceAt(document: unknown, steps: readonly number[], value: unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined || document === null || typeof document !== 'object') return value;
  const keys = Object.keys(document);
  if (keys.length === 0) return value;
  const key = keys[step % keys.length]!;
  const copy: Json = Array.isArray(document) ? ([...document] as unknown as Json) : { ...document };
  copy[key] = replaceAt((document as Json)[key], rest, value);
  return copy;
}

const pattern = fc.oneof(
  { weight: 6, arbitrary: fc.string() },
  fc.constantFrom(
    '(a+)+$',
    '(\\w*)*\\d',
    '(?:.|\\s)*x',
    '[',
    '(?<=a)b',
    '\\p{L}+',
    '(?i:a)',
    '()*',
  ),
);
const tokenizerValue = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(
    'BPE',
    'WordPiece',
    'Unigram',
    'ByteLevel',
    'Sequence',
    'Metaspace',
    'Split',
    'Replace',
  ),
  pattern.map((Regex) => ({
    type: 'Split',
    pattern: { Regex },
    behavior: 'Isolated',
    invert: false,
  })),
  pattern.map((Regex) => ({ type: 'Replace', pattern: { Regex }, content: '' })),
  fc.constantFrom(-1, 1e9, 2 ** 31, 2 ** 53, 1.5),
);

/** Text that a tokenizer which loads must take. */
const SAMPLE =
  'Hello wörld, 12 + 30 = 42!\n\ttabs  and spaces, 你好 😀 <s></s> aaaaaaaaaaaaaaaaaaaaaaaa!';

export const tokenizerTarget: FuzzTarget = {
  name: 'tokenizer.json',
  file: 'tokenizer.json',
  companions: { 'tokenizer_config.json': '{"eos_token":"</s>"}' },
  seeds: tokenizerSeeds,
  words: [
    '"type":"',
    'BPE',
    '"merges":[',
    '"vocab":{',
    'null',
    '"Regex":"(a+)+$"',
    '"id":-1',
    '9e99',
  ],
  structured: fc
    .tuple(
      fc.nat(tokenizerDocuments.length - 1),
      fc.array(fc.tuple(fc.array(fc.nat(40), { maxLength: 5 }), tokenizerValue), {
        minLength: 1,
        maxLength: 3,
      }),
    )
    .map(([seed, edits]) => {
      const start: unknown = tokenizerDocuments[seed];
      const edited = edits.reduce(
        (document, [steps, value]) => replaceAt(document, steps, value),
        start,
      );
      return Buffer.from(JSON.stringify(edited), 'utf8');
    }),
  async read(path) {
    const tokenizer = loadTokenizer(path.slice(0, -'/tokenizer.json'.length));
    tokenizer.decode(tokenizer.encode(SAMPLE, { addSpecialTokens: true }));
  },
};

const optionNames = listFields(grpoConfig).map(({ name }) => name);
const yamlValue = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.string(), fc.double(), fc.boolean());

export const yamlTarget: FuzzTarget = {
  name: 'yaml',
  alsoNamed: 'laurel grpo: ',
  file: 'config.yaml',
  seeds: [
    readFileSync(new URL('../../recipes/gsm8k-grpo.yaml', import.meta.url)),
    readFileSync(new URL('../../recipes/chat-sft.yaml', import.meta.url)),
    ...textSeeds(
      'model: &m {hidden_size: 64}\nother: *m\nlearning_rate: 1e-4\n? [a, b]\n: c\n',
      'a: |\n  text\n  more\nb: >-\n  folded\nc: !!float 1\nd: "\\u263a"\n<<: {x: 1}\n---\nsecond: 2\n...\n',
    ),
  ],
  words: [
    '&a ',
    '*a',
    '*a,*a,*a',
    '<<: ',
    '!!',
    '- ',
    ': ',
    '|',
    '>',
    '---\n',
    '{',
    '[',
    '? ',
    '#',
    '\t',
    '%YAML 1.1\n',
    '0x',
    '.inf',
    '~',
  ],
  structured: fc.oneof(
    fc
      .dictionary(fc.oneof(fc.constantFrom(...optionNames), fc.string()), yamlValue, {
        maxKeys: 12,
      })
      .map((value) => Buffer.from(stringify(value), 'utf8')),
    fc
      .array(fc.constantFrom(...'ab:-?*&!|>{}[],#"\' \n\t%@`0.'.split(''), ': ', '- ', '  '), {
        maxLength: 200,
      })
      .map((parts) => Buffer.from(parts.join(''), 'utf8')),
  ),
  async read(path) {
    resolveConfig(grpoConfig, { yamlFile: path, warn: () => undefined });
  },
};
