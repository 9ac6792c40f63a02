export { byteTokenizer } from './byte-tokenizer.ts';
export { charTokenizer } from './char-tokenizer.ts';
export { applyChatTemplate, type ChatTemplateOptions, chatmlTemplate } from './chat-template.ts';
export { type LoadTokenizerOptions, loadTokenizer } from './load-tokenizer.ts';
export { type RenderedConversation, renderWithMask } from './render-with-mask.ts';
export { StreamDecoder, type StreamDecoderOptions } from './stream-decoder.ts';
export type { SymbolTokenizerOptions } from './symbol-tokenizer.ts';
export { encodeSpans, type MarkedTokens, type TextSpan } from './text-spans.ts';
export type { DecodeOptions, EncodeOptions, TokenIds, Tokenizer } from './tokenizer.ts';
