import type { Tokenizer } from '../../tokenizers/index.ts';

/** SentencePiece's stand-in for a space, and its spelling of a single byte. */
const SPACE = '▁';
const BYTE = /^<0x([0-9A-F]{2})>$/;

/**
 * What a token reads as on its own. Bytes that are no whole characters are shown as such: `ab⟨E4 BD⟩`; special tokens by
 * their spelling.
 */
export function tokenText(tokenizer: Tokenizer, id: number): string {
  const spelling = tokenizer.idToToken(id);
  if (spelling === undefined) return `⟨${id}⟩`;
  if (tokenizer.specialTokenIds.has(id)) return spelling;
  if (tokenizer.tokenBytes !== undefined) return bytesText(tokenizer.tokenBytes(id));
  const [, byte] = BYTE.exec(spelling) ?? [];
  if (byte !== undefined) return bytesText(Uint8Array.of(Number.parseInt(byte, 16)));
  if (spelling.includes(SPACE)) return spelling.replaceAll(SPACE, ' ');
  return tokenizer.decode([id], { skipSpecialTokens: false }) || spelling;
}

/** UTF-8 as text; runs of bytes outside of whole characters in brackets, hexadecimal. */
export function bytesText(bytes: Uint8Array): string {
  let text = '';
  let stray: string[] = [];
  const flush = () => {
    if (stray.length > 0) text += `⟨${stray.join(' ')}⟩`;
    stray = [];
  };
  for (let at = 0; at < bytes.length; ) {
    const length = characterLength(bytes, at);
    if (length === 0) {
      stray.push(bytes[at]!.toString(16).toUpperCase().padStart(2, '0'));
      at++;
    } else {
      flush();
      text += Buffer.from(bytes.subarray(at, at + length)).toString('utf8');
      at += length;
    }
  }
  flush();
  return text;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes of the character that starts here; 0 where none is whole. */
function characterLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  const length = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (length === 0 || at + length > bytes.length) return 0;
  try {
    decoder.decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0; // Not UTF-8: shown byte by byte.
  }
}
