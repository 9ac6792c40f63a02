import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConfigError } from '../../errors.ts';
import { readMailAddress, requireMailAddress } from './mail-address.ts';

test('an address alone is taken, its domain in lower case, spaces around it left out', () => {
  expect(readMailAddress(' Ada.Lovelace+laurel@Example.ORG ')).toBe(
    'Ada.Lovelace+laurel@example.org',
  );
  expect(readMailAddress('root@localhost')).toBe('root@localhost');
});

test.each([
  'ada',
  '@example.org',
  'ada@',
  'ada@example..org',
  'ada@-example.org',
  '.ada@example.org',
  'a..b@example.org',
  'ada@example.org, eve@example.org',
  'Ada <ada@example.org>',
  '"a b"@example.org',
  'ada@example.org\r\nBcc: eve@example.org',
  'ada@exam\nple.org',
  'ada@[127.0.0.1]',
  'àda@example.org',
  `${'a'.repeat(65)}@example.org`,
  `ada@${'example.'.repeat(40)}org`,
])('%j is refused', (text) => {
  expect(readMailAddress(text)).toBeUndefined();
  expect(() => requireMailAddress(text, '--to')).toThrow(ConfigError);
});

test('whatever is taken holds no space, control character, quote, bracket or second @', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const address = readMailAddress(`${text}@example.org`) ?? 'a@b';
      expect(address).toMatch(/^[^\s\p{C}"<>,;:()[\]\\@]+@[^\s\p{C}@]+$/u);
    }),
  );
});
