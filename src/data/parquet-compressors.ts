import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { Compressors } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { DataError } from '../errors.ts';

const ZSTD_MAGIC = 0xfd2fb528;
/** The window that every decoder of the format supports, RFC 8878, section 3.1.1.1.2. */
const ZSTD_WINDOW = 8 * 2 ** 20;

/**
 * Refuses a Zstandard frame that claims more than the page's header: its decoder makes room for what the frame says.
 * RFC 8878, section 3.1.1.
 */
function checkZstdFrame(input: Uint8Array, unpackedBytes: number): void {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  if (view.byteLength < 6 || view.getUint32(0, true) !== ZSTD_MAGIC) {
    throw new DataError('a page is not the Zstandard frame that its column declares');
  }
  const flags = view.getUint8(4);
  const isSingle = (flags & 0x20) !== 0;
  const sizeBytes = flags >> 6 === 0 ? (isSingle ? 1 : 0) : 1 << (flags >> 6);
  const sizeAt = 5 + (isSingle ? 0 : 1) + [0, 1, 2, 4][flags & 3]!;
  const size = littleEndian(input, sizeAt, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  const descriptor = view.getUint8(5);
  const window = isSingle ? size : 2 ** (10 + (descriptor >> 3)) * (1 + (descriptor & 7) / 8);
  if (sizeBytes > 0 ? size !== unpackedBytes : window > Math.max(ZSTD_WINDOW, unpackedBytes)) {
    throw new DataError(`a Zstandard frame does not unpack to the ${unpackedBytes} bytes declared`);
  }
  checkZstdBlocks(input, sizeAt + sizeBytes, unpackedBytes);
}

function littleEndian(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let place = length - 1; place >= 0; place--) value = value * 256 + (bytes[at + place] ?? 0);
  return value;
}

/** Blocks that repeat one byte are four bytes long and unpack to two megabytes. */
function checkZstdBlocks(input: Uint8Array, from: number, unpackedBytes: number): void {
  let [at, plain, last] = [from, 0, false];
  while (!last && at + 3 <= input.length) {
    const header = littleEndian(input, at, 3);
    const [type, size] = [(header >> 1) & 3, header >> 3];
    last = (header & 1) === 1;
    if (type !== 2) plain += size;
    at += 3 + (type === 1 ? 1 : size);
  }
  if (plain > unpackedBytes) {
    throw new DataError(
      `a Zstandard frame unpacks to more than the ${unpackedBytes} bytes declared`,
    );
  }
}

/** The format's codecs, none of which makes more than the page's header declares. */
export const boundedCompressors: Compressors = {
  ...compressors,
  GZIP: (input, length) => gunzipSync(input, { maxOutputLength: Math.max(1, length) }),
  BROTLI: (input, length) => brotliDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
  ZSTD: (input, length) => {
    checkZstdFrame(input, length);
    return compressors.ZSTD!(input, length);
  },
};
