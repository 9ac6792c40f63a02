import { byteTokenizer, charTokenizer, chatmlTemplate } from '../../../src/tokenizers/index.ts';

/** The tokenizers made in code whose saved form `transformers` was given, by name in `made.json`. */
export const madeTokenizers = {
  'byte-plain': byteTokenizer(),
  'byte-chat': byteTokenizer({ eosToken: '<|im_end|>', chatTemplate: chatmlTemplate }),
  'byte-bos': byteTokenizer({
    specialTokens: ['<s>', '</s>', '<|extra|>'],
    bosToken: '<s>',
    eosToken: '</s>',
  }),
  'char-arithmetic': charTokenizer('0123456789+-*/=() ?\né→'),
};
