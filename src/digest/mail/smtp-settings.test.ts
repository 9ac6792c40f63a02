import { expect, test } from 'vitest';
import { describeServer, parseSmtpUrl } from './smtp-settings.ts';

test('host, port, TLS, user and password are read, escapes undone', () => {
  expect(parseSmtpUrl('smtp://ada%40example.org:p%2Fw%3A@mail.example.org:2525')).toEqual({
    host: 'mail.example.org',
    port: 2525,
    secure: false,
    user: 'ada@example.org',
    password: 'p/w:',
  });
  expect(parseSmtpUrl('smtps://mail.example.org')).toMatchObject({ port: 465, secure: true });
  expect(parseSmtpUrl('smtp://[::1]/')).toMatchObject({ host: '::1', port: 587, user: null });
});

test.each([
  ['http://mail.example.org', /expected smtp:/],
  ['mail.example.org:25', /expected smtp:/],
  ['smtp://', /expected smtp:/],
  ['smtp://ada:se/cret@mail.example.org', /expected smtp:|more after the port/],
  ['smtp://mail.example.org/secret', /more after the port/],
  ['smtp://secret@mail.example.org', /a user but no password/],
  ['smtp://ada:secret%@mail.example.org', /write %25/],
])('%s is refused without repeating it', (text, message) => {
  const parse = () => parseSmtpUrl(text);
  expect(parse).toThrow(message);
  expect(parse).not.toThrow(/secret|se\/cret/);
});

test('a server is named without its password', () => {
  expect(describeServer(parseSmtpUrl('smtp://ada:secret@mail.example.org'))).toBe(
    'mail.example.org:587',
  );
});
