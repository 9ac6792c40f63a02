import { simpleParser } from 'mailparser';
import { describe, expect, it, test } from 'vitest';
import { digestContent, digestRun } from '../../../test/support/digest-content.ts';
import { composeConfirmation, composeDigest, type MessageHead } from './compose-message.ts';
import type { MailLinks } from './mail-links.ts';

const head: MessageHead = {
  from: 'laurel@example.org',
  to: 'ada@example.org',
  messageId: '<laurel-digest-1@example.org>',
  date: '2026-11-28T16:00:00.000Z',
  mayRepeat: false,
};
const near: MailLinks = {
  publicUrl: null,
  unsubscribeUrl: null,
  unsubscribeMail: 'mailto:laurel@example.org?subject=unsubscribe%20t0ken',
};
const open: MailLinks = {
  ...near,
  publicUrl: 'https://laurel.example.org',
  unsubscribeUrl: 'https://laurel.example.org/subscriptions/unsubscribe?token=t0ken',
};
const compose = async (part: Partial<MessageHead> = {}, links = near, content = digestContent()) =>
  (await composeDigest(content, { ...head, ...part }, links)).toString();

/** The lines of a header, joined; undefined where it is missing. */
const header = (raw: string, name: string): string | undefined =>
  new RegExp(`^${name}:(.*(?:\r\n[ \t].*)*)`, 'im')
    .exec(raw.slice(0, raw.indexOf('\r\n\r\n')))?.[1]
    ?.replaceAll(/\r\n[ \t]/g, ' ')
    .trim();

describe('a digest', () => {
  it('has plain text beside HTML, and the HTML its plots: alternative(plain, related(html, png, png))', async () => {
    const raw = await compose();
    const types = [...raw.matchAll(/^Content-Type: ([\w/]+)/gim)].map(([, type]) => type);
    expect(types).toEqual([
      'multipart/alternative',
      'text/plain',
      'multipart/related',
      'text/html',
      'image/png',
      'image/png',
    ]);
  });

  it('shows each plot where its run is, as an inline part with an alternative text', async () => {
    const { html, attachments } = await simpleParser(await compose(), { skipImageLinks: true });
    expect(attachments.map(({ contentDisposition }) => contentDisposition)).toEqual([
      'inline',
      'inline',
    ]);
    const shown = [...String(html).matchAll(/src="cid:([^"]+)"/g)].map(([, cid]) => cid);
    expect(shown).toEqual(attachments.map(({ cid }) => cid));
    expect(String(html)).toContain('alt="reward of sums-grpo by step: from 0.2 to 0.7783"');
    for (const { content } of attachments) expect(content.subarray(1, 4).toString()).toBe('PNG');
  });

  it('tells runs, numbers and reasons in both texts', async () => {
    const { text, html, subject } = await simpleParser(await compose(), { skipImageLinks: true });
    expect(subject).toBe('Laurel: 1 run finished, 1 failed, 1 interrupted');
    for (const part of [text, html])
      for (const told of [
        'sums-grpo',
        '0.8412',
        'step 191',
        '3 NaN',
        'seed 1',
        '12m 07s',
        'killed',
      ])
        expect(part).toContain(told);
    expect(text).toContain('loss: 0.0213 to 1.23e-4, best -0.0041 at step 64');
  });

  it('keeps its id and date, and names nobody else', async () => {
    const raw = await compose();
    expect(header(raw, 'Message-ID')).toBe(head.messageId);
    expect(header(raw, 'Date')).toBe('Sat, 28 Nov 2026 16:00:00 +0000');
    expect(header(raw, 'From')).toBe('Laurel <laurel@example.org>');
    expect(header(raw, 'To')).toBe('ada@example.org');
    expect(header(raw, 'Auto-Submitted')).toBe('auto-generated');
  });

  it('says in its head and in both texts when it may be a repeat, and only then', async () => {
    const [first, again] = [await compose(), await compose({ mayRepeat: true })];
    expect(header(first, 'X-Laurel-May-Repeat')).toBeUndefined();
    expect(header(again, 'X-Laurel-May-Repeat')).toBe('yes');
    const notice = /may have this digest already/;
    const [once, twice] = [await simpleParser(first), await simpleParser(again)];
    expect(once.text).not.toMatch(notice);
    expect(once.html).not.toMatch(notice);
    expect(twice.text).toMatch(notice);
    expect(twice.html).toMatch(notice);
    expect(header(again, 'Message-ID')).toBe(head.messageId);
  });

  it('lets no name of a run become markup or a header', async () => {
    const name = '<img src=x onerror=alert(1)>\r\nBcc: eve@example.org';
    const raw = await compose({}, near, digestContent({ runs: [digestRun({ name })] }));
    const { html, bcc, subject } = await simpleParser(raw, { skipImageLinks: true });
    expect(html).not.toContain('<img src=x');
    expect(bcc).toBeUndefined();
    expect(subject).toBe('Laurel: 1 run finished');
  });
});

describe('a digest is left', () => {
  it('by a mail where no page can be reached', async () => {
    const raw = await compose();
    expect(header(raw, 'List-Unsubscribe')).toBe(`<${near.unsubscribeMail}>`);
    expect(header(raw, 'List-Unsubscribe-Post')).toBeUndefined();
    const { html } = await simpleParser(raw);
    expect(html).not.toMatch(/href="http/);
  });

  it('by one click where a page can be reached (RFC 8058), and leads to the runs', async () => {
    const raw = await compose({}, open);
    expect(header(raw, 'List-Unsubscribe')).toBe(
      `<${open.unsubscribeUrl}>, <${open.unsubscribeMail}>`,
    );
    expect(header(raw, 'List-Unsubscribe-Post')).toBe('List-Unsubscribe=One-Click');
    const { html, text } = await simpleParser(raw);
    for (const part of [html, text]) expect(part).toContain('https://laurel.example.org/runs/7');
  });
});

test('a confirmation asks in both texts, and can be left unanswered', async () => {
  const confirmUrl = 'https://laurel.example.org/subscriptions/confirm?token=t0ken';
  const raw = await composeConfirmation({ confirmUrl, place: '/runs' }, head);
  const { html, text, headers } = await simpleParser(raw);
  expect(text).toContain(`\n${confirmUrl}\n`);
  expect(html).toContain(`href="${confirmUrl}"`);
  for (const part of [text, html]) expect(part).toMatch(/do nothing/);
  expect(headers.has('list-unsubscribe')).toBe(false);
});
