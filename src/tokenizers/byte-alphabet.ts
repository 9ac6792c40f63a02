/** The printable stand-ins of byte-level vocabularies, both ways. */
export interface ByteAlphabet {
  /** Stand-in character of each byte, at the byte's index. */
  readonly characters: readonly string[];
  readonly bytes: ReadonlyMap<string, number>;
}

function isPrintable(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

function makeAlphabet(): ByteAlphabet {
  let next = 0x100;
  const characters = Array.from({ length: 256 }, (_, byte) =>
    String.fromCharCode(isPrintable(byte) ? byte : next++),
  );
  return { characters, bytes: new Map(characters.map((character, byte) => [character, byte])) };
}

/**
 * GPT-2's one-to-one map between bytes and printable characters, which byte-level `tokenizer.json` files are written in:
 * printable Latin-1 stands for itself, the other 68 bytes take U+0100 onwards in order.
 */
export const byteAlphabet: ByteAlphabet = makeAlphabet();

/** The bytes that a token of a byte-level vocabulary stands for; its UTF-8 where a character is outside the alphabet. */
export function byteLevelBytes(token: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of token) {
    const byte = byteAlphabet.bytes.get(character);
    if (byte === undefined) return new TextEncoder().encode(token);
    bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

/** Text of UTF-8 in pieces; bytes that belong to no character become U+FFFD. */
export function decodeBytes(pieces: readonly Uint8Array[]): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.concat(pieces));
}
