import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { temporaryRoots } from '../../test/support/temporary-root.ts';
import { ConfigError } from '../errors.ts';
import { readSecretKey } from './secret-key.ts';
import { readToken, signToken, type TokenClaims } from './signed-token.ts';

const newRoot = temporaryRoots();
const key = Buffer.alloc(32, 7);
const claims: TokenClaims = { purpose: 'confirm', subscriber: 3, nonce: 'n0', expires: 1000 };

test('a token says what was signed, until it expires', () => {
  const token = signToken(key, claims);
  expect(token).toMatch(/^[\w.-]+$/);
  expect(readToken(key, token, 'confirm', 999)).toEqual(claims);
  expect(readToken(key, token, 'confirm', 1001)).toBeUndefined();
  const lasting = signToken(key, { ...claims, expires: null });
  expect(readToken(key, lasting, 'confirm', 1e12)).toEqual({ ...claims, expires: null });
});

test('a token is none for another purpose, or of another key', () => {
  const token = signToken(key, claims);
  expect(readToken(key, token, 'unsubscribe', 0)).toBeUndefined();
  expect(readToken(Buffer.alloc(32, 8), token, 'confirm', 0)).toBeUndefined();
});

test('no changed character and no other text passes', () => {
  const token = signToken(key, claims);
  const letters = 'ABCabc019-_.';
  fc.assert(
    fc.property(fc.nat(token.length - 2), fc.constantFrom(...letters), (at, letter) => {
      fc.pre(token[at] !== letter);
      const changed = token.slice(0, at) + letter + token.slice(at + 1);
      expect(readToken(key, changed, 'confirm', 0)).toBeUndefined();
    }),
  );
  for (const text of ['', '.', 'a.b', `${token}x`, ` ${token}`, 'é'.repeat(50)])
    expect(readToken(key, text, 'confirm', 0)).toBeUndefined();
});

test('the key is made once, for its user alone', () => {
  const file = join(newRoot(), 'key');
  const made = readSecretKey(file);
  expect(made).toHaveLength(32);
  expect(readSecretKey(file)).toEqual(made);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
});

test('a key that others may read, or that is none, is refused with what to do', () => {
  const file = join(newRoot(), 'key');
  readSecretKey(file);
  chmodSync(file, 0o640);
  expect(() => readSecretKey(file)).toThrow(/other users may read .*chmod 600/);
  writeFileSync(file, 'short');
  chmodSync(file, 0o600);
  expect(() => readSecretKey(file)).toThrow(ConfigError);
  expect(() => readSecretKey(file)).toThrow(/expected 64 hexadecimal digits/);
});
