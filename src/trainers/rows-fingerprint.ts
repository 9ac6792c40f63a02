import { createHash } from 'node:crypto';

/** A short name for rows of token ids: another one where any token, or their order, is another. */
export function rowsFingerprint(rows: readonly (readonly number[])[]): string {
  const hash = createHash('sha256');
  for (const tokens of rows) hash.update(Int32Array.from([tokens.length, ...tokens]));
  return hash.digest('hex').slice(0, 16);
}
