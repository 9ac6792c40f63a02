import { ConfigError } from '../errors.ts';
import { decodeBytes } from './byte-alphabet.ts';
import { specialTokenSplitter } from './special-token-splitter.ts';
import type { Tokenizer } from './tokenizer.ts';
import { symbolTokenizerFiles, writeTokenizerFiles } from './tokenizer-files.ts';

/** Choices shared by the tokenizers made in code. */
export interface SymbolTokenizerOptions {
  /** In id order, after the symbols. Default `<|pad|>`, `<|eos|>`, `<|im_start|>`, `<|im_end|>`. */
  readonly specialTokens?: readonly string[];
  /** Ends a completion; one of `specialTokens`. Default `<|eos|>`. */
  readonly eosToken?: string;
  /** One of `specialTokens`. Default `<|pad|>` where that is one, else the end-of-sequence token. */
  readonly padToken?: string;
  /** One of `specialTokens`; absent by default. */
  readonly bosToken?: string;
  readonly chatTemplate?: string;
}

/** What distinguishes one tokenizer of single symbols from another. */
export interface SymbolAlphabet {
  /** For messages: `byteTokenizer`, say. */
  readonly source: string;
  /** Spelling of each symbol in the vocabulary; its index is its id. */
  readonly symbols: readonly string[];
  readonly encodePlain: (text: string) => Iterable<number>;
  readonly symbolBytes: (id: number) => Uint8Array;
  readonly preTokenizer: object | null;
  readonly decoder: object;
}

const DEFAULT_SPECIAL_TOKENS = ['<|pad|>', '<|eos|>', '<|im_start|>', '<|im_end|>'];
const NOTHING = new Uint8Array();

function checkSpecialTokens(
  source: string,
  tokens: readonly string[],
  symbols: ReadonlySet<string>,
) {
  for (const [index, token] of tokens.entries()) {
    const reason = !/^[\x21-\x7e]+$/.test(token)
      ? 'is not printable ASCII without spaces'
      : tokens.indexOf(token) !== index
        ? 'is listed twice'
        : symbols.has(token)
          ? 'is already a symbol of the vocabulary'
          : undefined;
    if (reason)
      throw new ConfigError(`${source}: special token ${JSON.stringify(token)} ${reason}`);
  }
}

function roleTokens(source: string, special: readonly string[], options: SymbolTokenizerOptions) {
  const { eosToken = '<|eos|>', bosToken } = options;
  const padToken = options.padToken ?? (special.includes('<|pad|>') ? '<|pad|>' : eosToken);
  const roles = {
    eos_token: eosToken,
    pad_token: padToken,
    ...(bosToken !== undefined && { bos_token: bosToken }),
  };
  for (const [role, token] of Object.entries(roles)) {
    if (special.includes(token)) continue;
    throw new ConfigError(
      `${source}: ${role} ${JSON.stringify(token)} is not among specialTokens ${JSON.stringify(special)}; add it there`,
    );
  }
  return roles;
}

/** A tokenizer made in code whose every token is one symbol of an alphabet or one special token. */
export function symbolTokenizer(
  alphabet: SymbolAlphabet,
  options: SymbolTokenizerOptions,
): Tokenizer {
  const { source, symbols } = alphabet;
  const special = options.specialTokens ?? DEFAULT_SPECIAL_TOKENS;
  const vocabulary = new Map(symbols.map((symbol, id) => [symbol, id]));
  checkSpecialTokens(source, special, new Set(symbols));
  const roles = roleTokens(source, special, options);
  const specialIds = new Map(special.map((token, index) => [token, symbols.length + index]));
  const specialTokenIds = new Set(specialIds.values());
  const spellings = [...symbols, ...special];
  const bytes = spellings.map((spelling, id) =>
    id < symbols.length ? alphabet.symbolBytes(id) : new TextEncoder().encode(spelling),
  );
  const split = specialTokenSplitter(special);
  const tokenBytes = (id: number) => bytes[id] ?? NOTHING;

  return {
    vocabSize: spellings.length,
    eosTokenId: specialIds.get(roles.eos_token)!,
    padTokenId: specialIds.get(roles.pad_token)!,
    bosTokenId: options.bosToken === undefined ? undefined : specialIds.get(options.bosToken),
    chatTemplate: options.chatTemplate,
    specialTokens: roles,
    specialTokenIds,
    source,
    encode: (text) => {
      const ids: number[] = [];
      for (const section of split(text)) {
        if (section.special) ids.push(specialIds.get(section.text)!);
        else for (const id of alphabet.encodePlain(section.text)) ids.push(id);
      }
      return ids;
    },
    decode: (tokens, { skipSpecialTokens = true } = {}) => {
      const kept = Array.from(tokens).filter(
        (id) => !(skipSpecialTokens && specialTokenIds.has(id)),
      );
      return decodeBytes(kept.map(tokenBytes));
    },
    tokenToId: (token) => vocabulary.get(token) ?? specialIds.get(token),
    idToToken: (id) => spellings[id],
    tokenBytes,
    save: (folder) =>
      writeTokenizerFiles(
        folder,
        symbolTokenizerFiles({
          vocabulary,
          special: specialIds,
          preTokenizer: alphabet.preTokenizer,
          decoder: alphabet.decoder,
          roles,
          chatTemplate: options.chatTemplate,
        }),
      ),
  };
}
