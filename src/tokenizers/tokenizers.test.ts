import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, DataError } from '../errors.ts';
import {
  applyChatTemplate,
  byteTokenizer,
  charTokenizer,
  chatmlTemplate,
  loadTokenizer,
  renderWithMask,
  StreamDecoder,
  type Tokenizer,
} from './index.ts';

const trained = new URL('../../test/golden/tokenizers/trained/', import.meta.url);
const trainedFolder = (name: string) => new URL(name, trained).pathname;
const newFolder = () => mkdtempSync(join(tmpdir(), 'laurel-tokenizer-'));
const reloaded = (tokenizer: Tokenizer) => {
  const folder = newFolder();
  tokenizer.save(folder);
  return loadTokenizer(folder);
};
/** Any well-formed string, over all of Unicode. */
const unicode = fc.string({ unit: 'binary', maxLength: 60 });

describe('byteTokenizer', () => {
  it('gives each byte of UTF-8 its own number', () => {
    // é is C3 A9, ☃ is E2 98 83
    expect(byteTokenizer().encode('Aé☃')).toEqual([0x41, 0xc3, 0xa9, 0xe2, 0x98, 0x83]);
  });

  it('returns every well-formed string unchanged, and so does its saved form', () => {
    const made = byteTokenizer();
    const folder = newFolder();
    made.save(folder);
    const loaded = loadTokenizer(folder);
    const json = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
    const library = new HuggingFaceTokenizer(json('tokenizer.json'), json('tokenizer_config.json'));
    fc.assert(
      fc.property(unicode, (text) => {
        const tokens = made.encode(text);
        expect(made.decode(tokens)).toBe(text);
        expect(loaded.encode(text)).toEqual(tokens);
        expect(loaded.decode(tokens)).toBe(text);
        expect(text === '' ? [] : library.encode(text).ids).toEqual(tokens);
      }),
      { numRuns: 300 },
    );
  });

  it('puts special tokens after the bytes and finds them in text', () => {
    const tokenizer = byteTokenizer();
    expect(tokenizer.encode('a<|eos|>b')).toEqual([97, 257, 98]);
    expect(tokenizer.decode([97, 257, 98])).toBe('ab');
    expect(tokenizer.decode([97, 257, 98], { skipSpecialTokens: false })).toBe('a<|eos|>b');
    expect([tokenizer.tokenToId('<|eos|>'), tokenizer.idToToken(257)]).toEqual([257, '<|eos|>']);
  });

  it('prefers the longest of special tokens that start together', () => {
    const tokenizer = byteTokenizer({ specialTokens: ['<a>', '<a><b>'], eosToken: '<a>' });
    expect(tokenizer.encode('<a><b><a>')).toEqual([257, 256]);
  });

  it('reads broken UTF-8 as replacement characters and ids past the vocabulary as nothing', () => {
    const tokenizer = byteTokenizer();
    expect(tokenizer.decode([0xc3, 0x41, 0xff])).toBe('\uFFFDA\uFFFD');
    expect(tokenizer.decode([0x41, 9999, 0x42])).toBe('AB');
    expect(reloaded(tokenizer).decode([0x41, 9999, 0x42])).toBe('AB');
  });

  it('refuses an end-of-sequence token that is not in its vocabulary', () => {
    const make = () => byteTokenizer({ specialTokens: ['<|pad|>'] });
    expect(make).toThrow(ConfigError);
    expect(make).toThrow('eos_token "<|eos|>" is not among specialTokens ["<|pad|>"]');
  });

  it('refuses special tokens that its saved form could not spell', () => {
    const make = (token: string) => () =>
      byteTokenizer({ specialTokens: [token], eosToken: token });
    expect(make('two words')).toThrow('not printable ASCII');
    expect(make('é')).toThrow('not printable ASCII');
    expect(make('A')).toThrow('already a symbol');
    expect(() => byteTokenizer({ specialTokens: ['<|eos|>', '<|eos|>'] })).toThrow('listed twice');
  });
});

describe('charTokenizer', () => {
  it('numbers characters by their place in the alphabet', () => {
    const tokenizer = charTokenizer('01+=');
    expect(tokenizer.encode('1+0=<|eos|>')).toEqual([1, 2, 0, 3, 5]);
    expect(tokenizer.vocabSize).toBe(8);
    expect(tokenizer.decode([1, 2, 0, 3, 5])).toBe('1+0=');
  });

  it('names a character outside the alphabet', () => {
    expect(() => charTokenizer('01').encode('1x')).toThrow(DataError);
    expect(() => charTokenizer('01').encode('1x')).toThrow('"x" (U+0078) in "1x"');
  });

  it('refuses a repeated character', () => {
    expect(() => charTokenizer('0120')).toThrow('"0" is in the alphabet twice');
  });
});

describe('loadTokenizer', () => {
  it('saves the original files byte for byte, templates included, even after they are gone', () => {
    const source = newFolder();
    byteTokenizer({ chatTemplate: 'x\n' }).save(source);
    mkdirSync(join(source, 'additional_chat_templates'));
    writeFileSync(join(source, 'additional_chat_templates', 'rag.jinja'), 'rag');
    writeFileSync(join(source, 'config.json'), '{"unrelated": true}');
    const config = '{ "eos_token":"<|eos|>",\r\n "odd" : 1.50 }';
    writeFileSync(join(source, 'tokenizer_config.json'), config);
    const tokenizer = loadTokenizer(source);
    writeFileSync(join(source, 'tokenizer_config.json'), '{}');

    const target = join(newFolder(), 'deeper');
    tokenizer.save(target);
    expect(readdirSync(target).sort()).toEqual([
      'additional_chat_templates',
      'chat_template.jinja',
      'special_tokens_map.json',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    expect(readFileSync(join(target, 'tokenizer_config.json'), 'utf8')).toBe(config);
    expect(readFileSync(join(target, 'chat_template.jinja'), 'utf8')).toBe('x\n');
  });

  it('asks for an end-of-sequence token, and takes one as an option', () => {
    const folder = newFolder();
    byteTokenizer().save(folder);
    writeFileSync(join(folder, 'tokenizer_config.json'), '{}');
    writeFileSync(join(folder, 'special_tokens_map.json'), '{}');
    expect(() => loadTokenizer(folder)).toThrow(ConfigError);
    expect(() => loadTokenizer(folder)).toThrow('names no end-of-sequence token');
    const tokenizer = loadTokenizer(folder, { eosToken: '<|im_end|>' });
    expect([tokenizer.eosTokenId, tokenizer.padTokenId]).toEqual([259, 259]);
    expect(() => loadTokenizer(folder, { eosToken: '<nope>' })).toThrow(
      'eos_token "<nope>" is not in the vocabulary',
    );
  });

  it('names a folder that is absent, empty or broken', () => {
    const folder = newFolder();
    expect(() => loadTokenizer(join(folder, 'absent'))).toThrow('no such folder');
    expect(() => loadTokenizer(folder)).toThrow('no tokenizer.json here (found: nothing)');
    writeFileSync(join(folder, 'tokenizer.json'), '{"model": ');
    expect(() => loadTokenizer(folder)).toThrow('not valid JSON');
    writeFileSync(join(folder, 'tokenizer_config.json'), '{"eos_token": "</s>"}');
    writeFileSync(join(folder, 'tokenizer.json'), '{"model": {"type": "Strange"}}');
    expect(() => loadTokenizer(folder)).toThrow(DataError);
  });

  it('reads a chat template from tokenizer_config.json, alone or among named ones', () => {
    const folder = newFolder();
    byteTokenizer().save(folder);
    const write = (template: unknown) =>
      writeFileSync(
        join(folder, 'tokenizer_config.json'),
        JSON.stringify({ eos_token: { content: '<|eos|>' }, chat_template: template }),
      );
    write('one');
    expect(loadTokenizer(folder).chatTemplate).toBe('one');
    write([
      { name: 'tool_use', template: 'two' },
      { name: 'default', template: 'three' },
    ]);
    expect(loadTokenizer(folder).chatTemplate).toBe('three');
  });
});

describe('StreamDecoder', () => {
  const tokenizers = {
    'byte-level': byteTokenizer(),
    'byte-level with merges': loadTokenizer(trainedFolder('bytes-bpe')),
    'pieces with byte fallback': loadTokenizer(trainedFolder('pieces-bpe')),
  };

  it('holds a character back until its last byte', () => {
    const decoder = new StreamDecoder(byteTokenizer());
    // ☃ is E2 98 83
    expect([0xe2, 0x98, 0x83, 0x41].map((token) => decoder.push(token))).toEqual([
      '',
      '',
      '☃',
      'A',
    ]);
    expect(decoder.text).toBe('☃A');
  });

  it('gives a torn character out at the end', () => {
    const decoder = new StreamDecoder(byteTokenizer());
    decoder.push(0xe2);
    expect(decoder.flush()).toBe('\uFFFD');
  });

  it.each(Object.entries(tokenizers))('%s: pieces add up to the decoded text', (_, tokenizer) => {
    fc.assert(
      fc.property(unicode, (text) => {
        const tokens = tokenizer.encode(text);
        const decoder = new StreamDecoder(tokenizer);
        const pieces = tokens.map((token) => decoder.push(token)).join('');
        expect(tokenizer.decode(tokens).startsWith(pieces)).toBe(true);
        expect(pieces + decoder.flush()).toBe(tokenizer.decode(tokens));
      }),
      { numRuns: 200 },
    );
  });

  it.each(Object.entries(tokenizers).slice(0, 2))('%s: so do arbitrary tokens', (_, tokenizer) => {
    const token = fc.integer({ min: 0, max: tokenizer.vocabSize + 3 });
    fc.assert(
      fc.property(fc.array(token), fc.boolean(), (tokens, skipSpecialTokens) => {
        const decoder = new StreamDecoder(tokenizer, { skipSpecialTokens });
        for (const id of tokens) decoder.push(id);
        decoder.flush();
        expect(decoder.text).toBe(tokenizer.decode(tokens, { skipSpecialTokens }));
      }),
    );
  });
});

describe('renderWithMask', () => {
  const rounds = [
    { role: 'user', content: 'a' },
    { role: 'assistant', content: 'bé' },
    { role: 'user', content: 'c' },
    { role: 'assistant', content: 'd' },
  ];
  const trainedText = (tokenizer: Tokenizer, conversation = rounds) => {
    const { text, tokens, assistantMask } = renderWithMask(tokenizer, conversation);
    expect(tokenizer.decode(tokens, { skipSpecialTokens: false })).toBe(text);
    return tokenizer.decode(
      tokens.filter((_, index) => assistantMask[index] === 1),
      { skipSpecialTokens: false },
    );
  };
  const withTemplate = (chatTemplate: string) =>
    byteTokenizer({ chatTemplate, eosToken: '<|im_end|>' });
  const unmarked = chatmlTemplate.replace(/\{%-? (end)?generation %\}/g, '');

  it('marks what stands between generation tags', () => {
    expect(trainedText(withTemplate(chatmlTemplate))).toBe('bé<|im_end|>d<|im_end|>');
  });

  it('marks the same by comparing prefixes where a template has no such tags', () => {
    expect(unmarked).not.toContain('generation %');
    expect(trainedText(withTemplate(unmarked))).toBe('bé<|im_end|>d<|im_end|>');
  });

  it('marks the same by encoding prefixes where tokens cannot be placed in the text', () => {
    const chatTemplate = unmarked.replaceAll('<|im_end|>', '</s>');
    const tokenizer = loadTokenizer(trainedFolder('pieces-bpe'), { chatTemplate });
    expect(tokenizer.tokenBytes).toBeUndefined();
    const { tokens, assistantMask } = renderWithMask(tokenizer, rounds);
    const marked = tokens.filter((_, index) => assistantMask[index] === 1);
    expect(tokenizer.decode(marked, { skipSpecialTokens: false })).toBe('bé</s>d</s>');
  });

  it('names the template and the turn where earlier turns are rewritten', () => {
    const source = '{% for m in messages %}{{ m.content if loop.last else "…" }}|{% endfor %}';
    const render = () => renderWithMask(withTemplate(source), rounds);
    expect(render).toThrow(DataError);
    expect(render).toThrow(
      'byteTokenizer: the chat template rewrites earlier turns when a turn is appended',
    );
  });

  it('keeps a message that happens to hold the marks it works with out of the mask', () => {
    const conversation = [{ role: 'user', content: '\uFDD0' }, rounds[1]!];
    expect(() => renderWithMask(withTemplate(chatmlTemplate), conversation)).toThrow('U+FDD0');
  });
});

describe('applyChatTemplate', () => {
  const say = [{ role: 'user', content: 'hi' }];

  it('asks for a template where there is none', () => {
    expect(() => applyChatTemplate(byteTokenizer(), say)).toThrow('this tokenizer has none');
  });

  it('names a template that does not parse', () => {
    const tokenizer = byteTokenizer({ chatTemplate: '{% if %}' });
    expect(() => applyChatTemplate(tokenizer, say)).toThrow(ConfigError);
  });

  it('passes on what a template objects to, with the roles it was given', () => {
    const tokenizer = byteTokenizer({ chatTemplate: "{{ raise_exception('no users') }}" });
    expect(() => applyChatTemplate(tokenizer, say)).toThrow(/roles \[user\].*no users/);
  });
});
