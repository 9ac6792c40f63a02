import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import {
  type Ask,
  ask,
  bearer,
  getJson,
  jsonHeaders,
  testDashboard,
} from '../../../test/support/dashboard.ts';
import { endedRun } from '../../../test/support/ended-run.ts';
import { type Captured, startMailServer } from '../../../test/support/mail-server.ts';
import { temporaryRoots } from '../../../test/support/temporary-root.ts';
import { digestPass, parseSmtpUrl, withDigestStore } from '../../digest/index.ts';
import type { PapersResponse } from '../api.ts';
import type { Dashboard } from '../index.ts';

const newRoot = temporaryRoots();
const publicUrl = 'https://laurel.example.org';

async function served(part: { publicUrl?: string | null } = {}) {
  const root = newRoot();
  const { messages, url } = await startMailServer();
  const settings = { smtp: parseSmtpUrl(url), from: 'laurel@example.org', publicUrl, ...part };
  const dashboard = await testDashboard(root, { mail: settings });
  const subscribe = (email: string, headers = bearer(dashboard)) =>
    ask(dashboard, '/api/subscriptions', {
      method: 'POST',
      headers: { ...headers, ...jsonHeaders },
      body: JSON.stringify({ email }),
    });
  const state = (email: string) =>
    withDigestStore(root, ({ subscribers }) => subscribers.find(email)?.state);
  return { root, messages, settings, dashboard, subscribe, state };
}

const arrived = (messages: readonly Captured[], count: number): Promise<void> =>
  vi.waitFor(() => expect(messages).toHaveLength(count), { timeout: 10_000 });

/** The path of the first link to a page of subscriptions in a mail. */
const linkIn = ({ mail }: Captured): string =>
  /https?:\/\/[^/\s]+(\/subscriptions\/\S+)/.exec(mail.text ?? '')?.[1] ?? 'no link';

/** As a browser that has no session. */
const visit = (dashboard: Dashboard, path: string, options: Ask = {}) =>
  ask(dashboard, path, { headers: { host: 'laurel.example.org' }, ...options });

test('an address is subscribed by the button of the page that its mail leads to, and by nothing before', async () => {
  const { messages, dashboard, subscribe, state } = await served();
  expect((await subscribe('ada@Example.org')).status).toBe(202);
  await arrived(messages, 1);
  expect(messages[0]?.to).toEqual(['ada@example.org']);
  expect(messages[0]?.mail.text).toContain(`${publicUrl}/subscriptions/confirm?token=`);
  const path = linkIn(messages[0]!);
  const page = await visit(dashboard, path);
  expect(page).toMatchObject({ status: 200, text: expect.stringContaining('<form method="post"') });
  await visit(dashboard, path, { method: 'HEAD' });
  expect(state('ada@example.org')).toBe('pending');
  expect((await visit(dashboard, path, { method: 'POST' })).text).toContain('from now on');
  expect(state('ada@example.org')).toBe('subscribed');
  expect((await visit(dashboard, path)).text).toContain('gets digests already');
}, 30_000);

test('a subscriber is told what ends from then on, and leaves by one POST without a cookie', async () => {
  const { root, messages, settings, dashboard, subscribe, state } = await served();
  endedRun(root, 'before');
  await subscribe('ada@example.org');
  await arrived(messages, 1);
  await visit(dashboard, linkIn(messages[0]!), { method: 'POST' });
  await new Promise((resolve) => setTimeout(resolve, 5)); // A run that ends in the same millisecond was before.
  endedRun(root, 'after');
  await digestPass({ root, settings, choose: (all) => all });
  expect(messages[1]?.mail.text).toContain('after (finished)');
  expect(messages[1]?.mail.text).not.toContain('before (');
  const head = messages[1]!.raw.replaceAll(/\r\n[ \t]+/g, ' ');
  expect(head).toContain('List-Unsubscribe-Post: List-Unsubscribe=One-Click');
  const [, url = ''] = /List-Unsubscribe: <([^>]+)>/.exec(head) ?? [];
  const path = url.slice(publicUrl.length);
  expect((await visit(dashboard, path)).text).toContain('<button>Unsubscribe</button>');
  expect(state('ada@example.org')).toBe('subscribed');
  // What a mail program sends, by RFC 8058 3.2.
  const oneClick = await visit(dashboard, path, {
    method: 'POST',
    headers: {
      host: 'laurel.example.org',
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'List-Unsubscribe=One-Click',
  });
  expect(oneClick.status).toBe(200);
  expect(state('ada@example.org')).toBe('unsubscribed');
  expect((await visit(dashboard, path, { method: 'POST' })).status).toBe(200);
}, 30_000);

test('links are of one purpose, one request and one key', async () => {
  const { messages, dashboard, subscribe, state, root } = await served();
  await subscribe('ada@example.org');
  await arrived(messages, 1);
  const path = linkIn(messages[0]!);
  const token = path.split('token=')[1] ?? '';
  const post = (where: string) => visit(dashboard, where, { method: 'POST' });
  expect((await post(`/subscriptions/unsubscribe?token=${token}`)).status).toBe(400);
  expect((await post(path.slice(0, -2))).status).toBe(400);
  expect((await post('/subscriptions/confirm')).status).toBe(400);
  // Withdrawn: the link of the old request confirms nothing.
  withDigestStore(root, ({ subscribers }) => {
    subscribers.unsubscribe(subscribers.find('ada@example.org')!.id, new Date());
  });
  expect(await post(path)).toMatchObject({
    status: 400,
    text: expect.stringContaining('older than seven days'),
  });
  expect(state('ada@example.org')).toBe('unsubscribed');
}, 30_000);

test('an address gets one mail in ten minutes, however often the form is sent, and the answer never tells', async () => {
  const { messages, subscribe, root } = await served();
  const first = await subscribe('ada@example.org');
  await arrived(messages, 1);
  const second = await subscribe('ada@example.org');
  expect(second).toMatchObject({ status: 202, text: first.text });
  withDigestStore(root, ({ subscribers }) => {
    const { id, nonce } = subscribers.find('ada@example.org')!;
    subscribers.confirm(id, nonce, new Date());
  });
  expect((await subscribe('ada@example.org')).text).toBe(first.text);
  expect(messages).toHaveLength(1);
}, 30_000);

test('the form sends at most 20 mails an hour', async () => {
  const { messages, subscribe } = await served();
  for (let n = 0; n < 20; n++) expect((await subscribe(`a${n}@example.org`)).status).toBe(202);
  const answer = await subscribe('one-more@example.org');
  expect(answer.status).toBe(429);
  expect(answer.headers['retry-after']).toBe('3600');
  await arrived(messages, 20);
}, 30_000);

test('bad addresses, other sites and strangers are refused, and nothing is made for them', async () => {
  const { root, messages, dashboard, subscribe } = await served();
  for (const email of ['', 'ada', 'ada@example.org\r\nBcc: eve@example.org', 'a@b, c@d'])
    expect([email, (await subscribe(email)).status]).toEqual([email, 400]);
  expect((await subscribe('ada@example.org', {})).status).toBe(401);
  const elsewhere = { ...bearer(dashboard), 'sec-fetch-site': 'cross-site' };
  expect((await subscribe('ada@example.org', elsewhere)).status).toBe(403);
  expect((await visit(dashboard, '/subscriptions/unsubscribe?token=x')).status).toBe(400);
  expect(existsSync(join(root, '.digest'))).toBe(false);
  expect(messages).toEqual([]);
});

test('without a mail server the page says how to set one, and the form is refused', async () => {
  const dashboard = await testDashboard(newRoot());
  const { subscribe } = await getJson<PapersResponse>(dashboard, '/api/papers');
  expect(subscribe).toMatchObject({
    available: false,
    reason: expect.stringContaining('LAUREL_SMTP_URL'),
  });
  const answer = await ask(dashboard, '/api/subscriptions', {
    method: 'POST',
    headers: { ...bearer(dashboard), ...jsonHeaders },
    body: '{"email":"ada@example.org"}',
  });
  expect(answer.status).toBe(503);
});

test('without a public address the mail leads to the dashboard’s own', async () => {
  const { messages, dashboard, subscribe } = await served({ publicUrl: null });
  await subscribe('ada@example.org');
  await arrived(messages, 1);
  expect(messages[0]?.mail.text).toContain(`${dashboard.origin}/subscriptions/confirm?token=`);
}, 30_000);
