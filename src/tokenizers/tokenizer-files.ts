import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Contents by file name relative to the folder. */
export type TokenizerFiles = ReadonlyMap<string, string | Uint8Array>;

/** Writes each file beside its final place and renames it, so that a reader never sees half of one. */
export function writeTokenizerFiles(folder: string, files: TokenizerFiles): void {
  for (const [name, content] of files) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    const temporary = `${path}.${process.pid}.tmp`;
    writeFileSync(temporary, content);
    renameSync(temporary, path);
  }
}

/** What a `tokenizer.json` made in code consists of; the other sections are null. */
export interface TokenizerParts {
  /** Id of each ordinary token. */
  readonly vocabulary: ReadonlyMap<string, number>;
  /** Id of each special token. */
  readonly special: ReadonlyMap<string, number>;
  readonly preTokenizer: object | null;
  readonly decoder: object;
  /** `eos_token`, `pad_token`, …: the roles special tokens play. */
  readonly roles: Readonly<Record<string, string>>;
  readonly chatTemplate: string | undefined;
  /** Whether a piece of text that is a token as a whole becomes it; default false: only single symbols are found. */
  readonly findsWholeTokens?: boolean;
  /** Tokens found anywhere in a text, before it is cut into pieces, and kept in what is decoded. */
  readonly anywhere?: ReadonlyMap<string, number>;
  /** Stands for what has no token. */
  readonly unknownToken?: string;
}

function tokenizerJson(parts: TokenizerParts): object {
  const { vocabulary, special, preTokenizer, decoder, anywhere = [] } = parts;
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [
      ...[...special].map(([content, id]) => ({ id, content, ...flags, special: true })),
      ...[...anywhere].map(([content, id]) => ({ id, content, ...flags, special: false })),
    ],
    normalizer: null,
    pre_tokenizer: preTokenizer,
    post_processor: null,
    decoder,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: parts.unknownToken ?? null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: parts.findsWholeTokens ?? false,
      vocab: Object.fromEntries(vocabulary),
      merges: [],
    },
  };
}

function tokenizerConfig({ special, roles }: TokenizerParts): object {
  const inRoles = new Set(Object.values(roles));
  const additional = [...special.keys()].filter((token) => !inRoles.has(token));
  return {
    tokenizer_class: 'PreTrainedTokenizerFast',
    ...roles,
    ...(additional.length > 0 && { additional_special_tokens: additional }),
    clean_up_tokenization_spaces: false,
    model_input_names: ['input_ids', 'attention_mask'],
  };
}

/** The Hugging Face files of a tokenizer whose tokens are found whole, not built from parts: a BPE model without merges. */
export function symbolTokenizerFiles(parts: TokenizerParts): TokenizerFiles {
  const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`;
  const files = new Map([
    ['tokenizer.json', json(tokenizerJson(parts))],
    ['tokenizer_config.json', json(tokenizerConfig(parts))],
    ['special_tokens_map.json', json(parts.roles)],
  ]);
  if (parts.chatTemplate !== undefined) files.set('chat_template.jinja', parts.chatTemplate);
  return files;
}
