import { chmodSync, mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../errors.ts';
import { hostName } from './allowed-hosts.ts';
import { equalSecrets } from './equal-secrets.ts';
import { hashPassword, isPassword } from './password.ts';
import { serverKey } from './server-key.ts';
import { isSession, issueSession, SESSION_SECONDS } from './session.ts';
import { TryLimit } from './try-limit.ts';

describe('sessions', () => {
  it('hold for 30 days, under one key', () => {
    const cookie = issueSession('key', 1000);
    expect(isSession('key', cookie, 1000 + SESSION_SECONDS - 1)).toBe(true);
    expect(isSession('key', cookie, 1000 + SESSION_SECONDS)).toBe(false);
    expect(isSession('other', cookie, 1000)).toBe(false);
    expect(issueSession('key', 1000)).not.toBe(cookie);
  });
});

describe('serverKey', () => {
  it('is made once, for its user alone', () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'laurel-key-')), 'laurel');
    const key = serverKey(folder);
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(serverKey(folder)).toBe(key);
    const file = join(folder, 'dashboard-key');
    expect(readFileSync(file, 'utf8')).toBe(key);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    chmodSync(file, 0o644);
    expect(() => serverKey(folder)).toThrow(ConfigError);
  });
});

describe('passwords', () => {
  it('are kept as salted hashes', async () => {
    const stored = await hashPassword('correct horse');
    expect(await isPassword('correct horse', stored)).toBe(true);
    expect(await isPassword('correct horsf', stored)).toBe(false);
    expect((await hashPassword('correct horse')).hash).not.toEqual(stored.hash);
  });
});

describe('equalSecrets', () => {
  it('compares any lengths', () => {
    expect(equalSecrets('', '')).toBe(true);
    expect(equalSecrets('a', 'aa')).toBe(false);
  });
});

describe('TryLimit', () => {
  it('lets an address try again once its oldest try is a window old', () => {
    let now = 0;
    const limit = new TryLimit({ perAddress: 2, overall: 3, windowSeconds: 60 }, () => now);
    expect([limit.take('a'), limit.take('a')]).toEqual([0, 0]);
    now = 10;
    expect(limit.take('a')).toBe(50);
    expect(limit.take('b')).toBe(0);
    // Three in all: others wait too.
    expect(limit.take('c')).toBe(50);
    limit.succeed('a');
    expect(limit.take('c')).toBe(0);
    now = 70;
    expect(limit.take('b')).toBe(0);
  });
});

describe('hostName', () => {
  it('takes the port away and refuses what is no host', () => {
    expect(hostName('LocalHost:7777')).toBe('localhost');
    expect(hostName('[::1]:80')).toBe('::1');
    for (const header of [undefined, '', 'a/b', 'a@b', '[::1', '[zz]', 'a:b', '::1'])
      expect(hostName(header)).toBeUndefined();
  });
});
