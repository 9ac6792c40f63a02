import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { ConfigError, DataError, LaurelError } from '../errors.ts';
import { byteLevelBytes, decodeBytes } from './byte-alphabet.ts';
import { plainByteEncoder } from './plain-byte-encoder.ts';
import type { TokenIds, Tokenizer } from './tokenizer.ts';
import { writeTokenizerFiles } from './tokenizer-files.ts';
import { withinTime } from './within-time.ts';

/** Overrides for a folder that leaves something unsaid. */
export interface LoadTokenizerOptions {
  /** Spelling of the end-of-sequence token, where the folder names none or the wrong one. */
  readonly eosToken?: string;
  readonly padToken?: string;
  /** Jinja source to use instead of the folder's. */
  readonly chatTemplate?: string;
}

type Json = Record<string, unknown>;

const FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'chat_template.jinja',
  'chat_template.json',
  'tokenizer.model',
  'vocab.json',
  'merges.txt',
];
const TEMPLATE_FOLDER = 'additional_chat_templates';
const ROLE = /^(bos|eos|unk|sep|pad|cls|mask)_token$/;
const NOTHING = new Uint8Array();

function readOriginals(folder: string): Map<string, Uint8Array> {
  const templates = join(folder, TEMPLATE_FOLDER);
  const extra = existsSync(templates)
    ? readdirSync(templates).map((name) => join(TEMPLATE_FOLDER, name))
    : [];
  const present = [...FILES, ...extra].filter((name) => existsSync(join(folder, name)));
  return new Map(present.map((name) => [name, readFileSync(join(folder, name))]));
}

/** Deeper values could overflow the stack, and within a regular expression that ends the process. */
const MOST_DEPTH = 64;

function isShallow(value: unknown): boolean {
  let level = [value];
  for (let depth = 0; depth <= MOST_DEPTH; depth++) {
    level = level.flatMap((each) =>
      each !== null && typeof each === 'object'
        ? Object.values(each).filter((inner) => typeof inner === 'object')
        : [],
    );
    if (level.length === 0) return true;
  }
  return false;
}

function parseJson(folder: string, name: string, bytes: Uint8Array | undefined): Json {
  if (bytes === undefined) return {};
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    if (!isShallow(value)) throw new RangeError(`values are nested more than ${MOST_DEPTH} deep`);
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Json;
  } catch (cause) {
    throw new DataError(`not valid JSON: ${(cause as Error).message}`, {
      file: join(folder, name),
      cause,
    });
  }
  throw new DataError('expected a JSON object', { file: join(folder, name) });
}

/** A special token is written as a string, or as an object with its content. */
function spelling(token: unknown): string | undefined {
  if (typeof token === 'string') return token;
  const content = (token as { content?: unknown } | null | undefined)?.content;
  return typeof content === 'string' ? content : undefined;
}

function roleTokens(...sources: readonly Json[]): Record<string, string> {
  const roles: Record<string, string> = {};
  for (const source of sources) {
    for (const [role, token] of Object.entries(source)) {
      const text = ROLE.test(role) ? spelling(token) : undefined;
      if (text !== undefined) roles[role] = text;
    }
  }
  return roles;
}

function findChatTemplate(
  files: ReadonlyMap<string, Uint8Array>,
  config: Json,
): string | undefined {
  const file = files.get('chat_template.jinja');
  if (file) return Buffer.from(file).toString('utf8');
  const { chat_template: template } = config;
  if (typeof template === 'string') return template;
  if (!Array.isArray(template)) return undefined;
  const named = template as { name?: string; template?: string }[];
  return (named.find(({ name }) => name === 'default') ?? named[0])?.template;
}

/** Letters, marks, digits, spaces, signs, other scripts: every kind that tokenizers' patterns tell apart, and repeats. */
const PROBE = `Hello wörld, 12 + 30 = 42!\n\ttabs  and don't, 你好 😀 e\u0301 ${'a'.repeat(40)}${' '.repeat(40)}!${'0'.repeat(40)}`;
const MOST_ID = 2 ** 31;

/** Ids of a vocabulary that gives them by token; one that lists its tokens numbers them by place. */
function vocabularyIds({ model }: Json): unknown[] {
  const { vocab } = (model ?? {}) as Json;
  return vocab !== null && typeof vocab === 'object' && !Array.isArray(vocab)
    ? Object.values(vocab)
    : [];
}

/** Encodes and decodes once, so that a broken tokenizer is refused when it is loaded. */
function tryOut(tokenizer: Tokenizer, json: Json): Tokenizer {
  const ids = tokenizer.encode(PROBE, { addSpecialTokens: true });
  for (const id of [...vocabularyIds(json), ...ids, tokenizer.vocabSize - 1]) {
    if (!(Number.isInteger(id) && Number(id) >= 0 && Number(id) < MOST_ID))
      throw new RangeError(`${JSON.stringify(id)} is no token id`);
  }
  tokenizer.decode(ids);
  return tokenizer;
}

/**
 * Runs `open` for 2 s and a second for each megabyte at most: patterns can take for ever on ordinary text.
 * @throws DataError naming the file, where `open` throws anything that is not Laurel's own.
 */
function openWithin(folder: string, sizeBytes: number, open: () => Tokenizer): Tokenizer {
  try {
    return withinTime(2000 + sizeBytes / 1000, open);
  } catch (cause) {
    if (cause instanceof LaurelError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason =
      code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
        ? 'it takes too long to encode a line of text; is one of its patterns ambiguous, as (a+)+ is?'
        : message;
    throw new DataError(`cannot use this tokenizer: ${reason}`, {
      file: join(folder, 'tokenizer.json'),
      cause,
    });
  }
}

/** Whether decoding is concatenation of each token's bytes and nothing else. */
function isByteLevel(json: Json, config: Json): boolean {
  const { decoder } = json;
  const { clean_up_tokenization_spaces: cleansUp } = config;
  return (decoder as { type?: string } | null)?.type === 'ByteLevel' && cleansUp === false;
}

function requireToken(folder: string, role: string, token: string, inner: HuggingFaceTokenizer) {
  const id = inner.token_to_id(token);
  if (id !== undefined) return id;
  throw new ConfigError(`${folder}: ${role} ${JSON.stringify(token)} is not in the vocabulary`);
}

/**
 * Reads a Hugging Face tokenizer folder: `tokenizer.json`, with `tokenizer_config.json`, `special_tokens_map.json` and
 * `chat_template.jinja` where present (`transformers` 4 and 5 spread the same facts over them differently).
 * @throws DataError when the folder holds no readable tokenizer.
 * @throws ConfigError when it names no end-of-sequence token.
 */
export function loadTokenizer(folder: string, options: LoadTokenizerOptions = {}): Tokenizer {
  const files = readOriginals(folder);
  if (!files.has('tokenizer.json')) {
    const found = existsSync(folder) ? readdirSync(folder).slice(0, 20).join(', ') : undefined;
    throw new DataError(
      found === undefined
        ? 'no such folder; expected a Hugging Face folder with tokenizer.json'
        : `no tokenizer.json here (found: ${found || 'nothing'}); save it with transformers' fast tokenizer`,
      { file: folder },
    );
  }
  return tokenizerFromFiles(folder, files, options);
}

/**
 * A tokenizer from the contents of its files, by name; `folder` is where they lie, for messages.
 * @throws DataError, ConfigError as `loadTokenizer`.
 */
export function tokenizerFromFiles(
  folder: string,
  files: ReadonlyMap<string, Uint8Array>,
  options: LoadTokenizerOptions = {},
): Tokenizer {
  const json = parseJson(folder, 'tokenizer.json', files.get('tokenizer.json'));
  const config = {
    // Absent means false to transformers since 4.45, true to the library.
    clean_up_tokenization_spaces: false,
    ...parseJson(folder, 'tokenizer_config.json', files.get('tokenizer_config.json')),
  };
  const map = parseJson(folder, 'special_tokens_map.json', files.get('special_tokens_map.json'));
  const roles = roleTokens(map, config, {
    eos_token: options.eosToken,
    pad_token: options.padToken,
  });
  const { eos_token: eosToken } = roles;
  if (eosToken === undefined) {
    throw new ConfigError(
      `${folder}: the tokenizer names no end-of-sequence token, so no completion could end; set "eos_token" in ` +
        'tokenizer_config.json, or pass eosToken',
    );
  }
  const chatTemplate = options.chatTemplate ?? findChatTemplate(files, config);
  const sizeBytes = files.get('tokenizer.json')?.length ?? 0;
  return openWithin(folder, sizeBytes, () => {
    const inner = new HuggingFaceTokenizer(json, config);
    const encodePlain = plainByteEncoder(json);
    const byteLevel = isByteLevel(json, config);
    const loaded = { folder, inner, roles, chatTemplate, files, byteLevel, encodePlain };
    return tryOut(wrap(loaded), json);
  });
}

interface Loaded {
  folder: string;
  inner: HuggingFaceTokenizer;
  roles: Record<string, string>;
  chatTemplate: string | undefined;
  files: ReadonlyMap<string, Uint8Array>;
  byteLevel: boolean;
  encodePlain: ((text: string) => number[]) | undefined;
}

function wrap({ folder, inner, roles, chatTemplate, files, byteLevel, encodePlain }: Loaded) {
  const added = inner.get_added_tokens_decoder();
  const specialTokenIds = new Set([...added].filter(([, t]) => t.special).map(([id]) => id));
  const roleId = (role: string) =>
    roles[role] === undefined ? undefined : requireToken(folder, role, roles[role], inner);
  const eosTokenId = roleId('eos_token')!;
  const spelled = (id: number) => inner.id_to_token(id);
  const tokenBytes = byteLevel ? cachedTokenBytes(spelled, new Set(added.keys())) : undefined;
  const encode = (text: string, special: boolean) =>
    text === '' && !special ? [] : inner.encode(text, { add_special_tokens: special }).ids;
  const known = (tokens: TokenIds, skipSpecialTokens: boolean) =>
    Array.from(tokens).filter(
      (id) => spelled(id) !== undefined && !(skipSpecialTokens && specialTokenIds.has(id)),
    );
  const decode = tokenBytes
    ? (ids: number[]) => decodeBytes(ids.map(tokenBytes))
    : (ids: number[]) => (ids.length === 0 ? '' : inner.decode(ids));
  const tokenizer: Tokenizer = {
    // With added tokens past a gap, the largest id and not the count bounds the embedding.
    vocabSize: Math.max(inner.get_vocab().size, ...[...added.keys()].map((id) => id + 1)),
    eosTokenId,
    padTokenId: roleId('pad_token') ?? eosTokenId,
    bosTokenId: roleId('bos_token'),
    chatTemplate,
    specialTokens: roles,
    specialTokenIds,
    source: folder,
    encode: (text, { addSpecialTokens = false } = {}) =>
      encodePlain ? encodePlain(text) : encode(text, addSpecialTokens),
    decode: (tokens, { skipSpecialTokens = true } = {}) => decode(known(tokens, skipSpecialTokens)),
    tokenToId: (token) => inner.token_to_id(token),
    idToToken: spelled,
    ...(tokenBytes && { tokenBytes }),
    save: (target) => writeTokenizerFiles(target, files),
  };
  return tokenizer;
}

function cachedTokenBytes(spelled: (id: number) => string | undefined, added: ReadonlySet<number>) {
  const cache = new Map<number, Uint8Array>();
  return (id: number): Uint8Array => {
    const cached = cache.get(id);
    if (cached) return cached;
    const token = spelled(id);
    const bytes =
      token === undefined
        ? NOTHING
        : added.has(id)
          ? new TextEncoder().encode(token)
          : byteLevelBytes(token);
    cache.set(id, bytes);
    return bytes;
  };
}
