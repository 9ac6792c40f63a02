import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ask, bearer, jsonHeaders, testDashboard } from '../../../test/support/dashboard.ts';
import { makeFakeRun } from '../../../test/support/fake-run.ts';
import { temporaryRoots } from '../../../test/support/temporary-root.ts';
import { ConfigError } from '../../errors.ts';
import type { RunsResponse } from '../api.ts';
import { type Dashboard, startDashboard } from '../index.ts';

const newFolder = temporaryRoots();

/** Pages, a file beside their folder that must stay unread, and links to it. */
function builtPages(): string {
  const outside = newFolder();
  const folder = join(outside, 'pages');
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(outside, 'secret.txt'), 'secret');
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Pages</title>');
  writeFileSync(join(folder, 'assets', 'main-1a2b.js'), 'export {};');
  writeFileSync(join(folder, '.hidden.js'), 'secret');
  symlinkSync(join(outside, 'secret.txt'), join(folder, 'link.txt'));
  symlinkSync(outside, join(folder, 'linked'));
  return folder;
}

function rootWithRun(): string {
  const root = newFolder();
  makeFakeRun(root, { name: 'first', completionSteps: [10] });
  return root;
}

const pagesFolder = builtPages();
const root = rootWithRun();
const dashboard = await testDashboard(root, { pagesFolder });
const { host } = new URL(dashboard.origin);

/** Signs a browser in. @returns the headers that it sends from then on. */
async function signIn(to: Dashboard = dashboard): Promise<Record<string, string>> {
  const { headers } = await ask(to, `/?token=${to.token}`);
  return { cookie: String(headers['set-cookie']).split(';')[0]! };
}

const ownPage = { 'sec-fetch-site': 'same-origin', origin: dashboard.origin };
const annotate = (headers: Record<string, string>, body = '{"notes":"seen"}') =>
  ask(dashboard, '/api/runs/1/annotations', { method: 'POST', headers, body });

describe('the token', () => {
  it('is needed for every page, file and answer', async () => {
    for (const path of ['/', '/runs/1', '/assets/main-1a2b.js', '/api/runs', '/api/events'])
      expect((await ask(dashboard, path)).status).toBe(401);
  });
  it('is taken out of the address for a cookie that scripts and other sites cannot use', async () => {
    const { status, headers } = await ask(dashboard, `/runs/1?tab=log&token=${dashboard.token}`);
    expect(status).toBe(303);
    expect(headers['location']).toBe('/runs/1?tab=log');
    const [cookie] = headers['set-cookie'] as string[];
    for (const part of ['HttpOnly', 'SameSite=Strict', 'Path=/', 'Max-Age=2592000'])
      expect(cookie).toContain(part);
    expect(cookie).not.toContain(dashboard.token);
    expect((await ask(dashboard, '/', { headers: await signIn() })).status).toBe(200);
  });
  it('never sends a browser elsewhere', async () => {
    const { headers } = await ask(dashboard, `//evil.example/?token=${dashboard.token}`);
    expect(headers['location']).toBe('/evil.example/');
  });
  it('opens the API to programs, and only to those that have it', async () => {
    const ask1 = (token: string) =>
      ask(dashboard, '/api/runs', { headers: { authorization: `Bearer ${token}` } });
    expect((await ask1(dashboard.token)).status).toBe(200);
    expect((await ask1(`${dashboard.token}x`)).status).toBe(401);
    expect((await ask(dashboard, `/?token=${dashboard.token.slice(1)}`)).status).toBe(401);
    expect((await ask(dashboard, `/api/runs?token=${dashboard.token}`)).status).toBe(401);
  });
});

describe('a session', () => {
  it('cannot be altered', async () => {
    const { cookie } = await signIn();
    const [name, value = ''] = cookie!.split('=');
    const [expiry, ...rest] = value.split('.');
    const later = [Number(expiry) + 1, ...rest].join('.');
    for (const forged of [later, `${value}x`, value.slice(0, -1), '', '..', 'a.b.c'])
      expect((await ask(dashboard, '/', { headers: { cookie: `${name}=${forged}` } })).status).toBe(
        401,
      );
  });
  it('outlives the server, and opens no dashboard of another folder', async () => {
    const headers = await signIn();
    const again = await testDashboard(root, { pagesFolder });
    const other = await testDashboard(newFolder(), { pagesFolder });
    expect(again.token).not.toBe(dashboard.token);
    expect((await ask(again, '/', { headers })).status).toBe(200);
    expect((await ask(other, '/', { headers })).status).toBe(401);
  });
});

describe('requests of other pages', () => {
  it('reach nothing under a name that is not this server’s (DNS rebinding)', async () => {
    const cookie = await signIn();
    for (const name of ['evil.example', 'evil.example:7777', '127.0.0.1.evil.example', 'a b'])
      expect(
        (await ask(dashboard, '/api/runs', { headers: { ...cookie, host: name } })).status,
      ).toBeGreaterThanOrEqual(400);
    for (const name of ['localhost:9000', '[::1]:9000', '127.0.0.1', host])
      expect(
        (await ask(dashboard, '/api/runs', { headers: { ...cookie, host: name } })).status,
      ).toBe(200);
  });
  it('read nothing, were they of the same site', async () => {
    const cookie = await signIn();
    for (const site of ['cross-site', 'same-site'])
      expect(
        (await ask(dashboard, '/api/runs', { headers: { ...cookie, 'sec-fetch-site': site } }))
          .status,
      ).toBe(403);
  });
  it('change nothing', async () => {
    const cookie = await signIn();
    const json = { ...cookie, ...jsonHeaders };
    const foreign = [
      { ...json },
      { ...json, origin: 'https://evil.example' },
      { ...json, origin: 'null' },
      { ...json, origin: 'http://127.0.0.1:1' },
      { ...json, ...ownPage, 'sec-fetch-site': 'same-site' },
      { ...json, ...ownPage, origin: 'https://evil.example' },
    ];
    for (const headers of foreign) expect((await annotate(headers)).status).toBe(403);
    const form = { ...cookie, ...ownPage, 'content-type': 'text/plain' };
    expect((await annotate(form)).status).toBe(415);
    expect((await annotate({ ...cookie, ...ownPage })).status).toBe(415);
    const { text } = await ask(dashboard, '/api/runs', { headers: cookie });
    expect((JSON.parse(text) as RunsResponse).runs[0]!.notes).toBe('');
  });
  it('are told from those of its own pages and of programs with the token', async () => {
    const json = { ...(await signIn()), ...jsonHeaders };
    expect((await annotate({ ...json, ...ownPage })).status).toBe(200);
    expect((await annotate({ ...json, origin: dashboard.origin })).status).toBe(200);
    expect((await annotate({ ...bearer(dashboard), ...jsonHeaders })).status).toBe(200);
  });
});

describe('addresses', () => {
  const traps = [
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/%2e%2e%2fsecret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/assets/../../secret.txt',
    '/..%5csecret.txt',
    '/%252e%252e%252fsecret.txt',
    '//secret.txt',
    '/link.txt',
    '/linked/secret.txt',
    '/.hidden.js',
    '/secret.txt%00.js',
    `/${encodeURIComponent(join(pagesFolder, '..', 'secret.txt'))}`,
    '/etc/passwd',
  ];
  it.each(traps)('%s leads to no file outside of the pages', async (path) => {
    const { status, text } = await ask(dashboard, path, { headers: bearer(dashboard) });
    expect(text).not.toContain('secret');
    expect(text).not.toContain('root:');
    // The app's own page answers what names no file.
    expect(status === 200 ? text : 'Pages').toContain('Pages');
  });
  it.each([
    '/api/runs/..%2f..%2fetc',
    '/api/runs/first',
    '/api/runs/1e0',
    '/api/runs/-1',
    '/api/runs/1/completions/..%2f..%2frun.json',
    '/api/runs/1/completions/10.5',
    '/api/runs/1/tokens/%2e%2e/0',
    '/api/runs/1/prompt/0x0',
    '/api/runs/99999999999999999999',
  ])('%s names no run, step or completion', async (path) => {
    const { status, headers, text } = await ask(dashboard, path, { headers: bearer(dashboard) });
    expect(status).toBe(404);
    expect(headers['content-type']).toMatch(/^application\/json/);
    expect(JSON.parse(text)).toEqual({ error: expect.any(String) });
  });
  it('of files whose link leads out of the run’s folder are refused', async () => {
    const folder = join(root, 'first');
    const outside = join(newFolder(), 'elsewhere.jsonl');
    writeFileSync(outside, '{"step":99,"example":0,"prompt":"secret","completions":[]}\n');
    symlinkSync(outside, join(folder, 'completions', 'step_00099.jsonl'));
    const { status, text } = await ask(dashboard, '/api/runs/1/completions/99', {
      headers: bearer(dashboard),
    });
    expect(status).toBe(403);
    expect(text).not.toContain('secret');
  });
});

describe('answers', () => {
  it('forbid foreign scripts, frames, guesses of their type and caches', async () => {
    for (const path of ['/', '/api/runs', '/api/nope', '/none.js', '/sign-in.css']) {
      const { headers } = await ask(dashboard, path, { headers: bearer(dashboard) });
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('no-referrer');
      expect(headers['cross-origin-resource-policy']).toBe('same-origin');
      expect(headers['access-control-allow-origin']).toBeUndefined();
      expect(headers['cache-control']).toMatch(/no-store|no-cache/);
    }
  });
  it('keep files with a hash in their name', async () => {
    const { headers } = await ask(dashboard, '/assets/main-1a2b.js', {
      headers: bearer(dashboard),
    });
    expect(headers['cache-control']).toBe('private, max-age=31536000, immutable');
    expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
  });
  it('refuse what is too long, and what is no JSON', async () => {
    const headers = { ...bearer(dashboard), ...jsonHeaders };
    expect((await annotate(headers, `{"notes":"${'x'.repeat(70_000)}"}`)).status).toBe(413);
    expect((await annotate(headers, '{"notes":')).status).toBe(400);
    expect((await annotate(headers, '{"folder":"/etc"}')).text).toContain('folder');
    expect((await annotate(headers, '{"name":"../../etc"}')).status).toBeGreaterThanOrEqual(200);
    expect((await annotate(headers, '{}')).text).toContain('expected a name, notes or tags');
  });
  it('say which methods there are not', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH', 'POST'])
      expect(
        (
          await ask(dashboard, '/api/runs/1', {
            method,
            headers: { ...bearer(dashboard), ...jsonHeaders },
          })
        ).status,
      ).toBe(404);
  });
});

describe('another host', () => {
  it('needs a password', async () => {
    await expect(startDashboard({ root, host: '0.0.0.0', port: 0 })).rejects.toThrow(ConfigError);
    await expect(startDashboard({ root, host: '0.0.0.0', port: 0 })).rejects.toThrow(/password/);
    for (const password of ['', 'short'])
      await expect(startDashboard({ root, host: '0.0.0.0', port: 0, password })).rejects.toThrow(
        /at least 8/,
      );
  });
  it('asks for it, a few times a minute, and gives a session for it', async () => {
    const open = await testDashboard(root, {
      host: '0.0.0.0',
      password: 'correct horse',
      pagesFolder,
      allowedHosts: ['laurel.example'],
    });
    const { port } = new URL(open.origin);
    const place = { origin: `http://127.0.0.1:${port}` };
    const form = {
      origin: place.origin,
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/x-www-form-urlencoded',
    };
    const tryIt = (password: string, headers: Record<string, string> = form) =>
      ask(place, '/sign-in', {
        method: 'POST',
        headers,
        body: `password=${encodeURIComponent(password)}`,
      });
    expect((await ask(place, '/')).headers['location']).toBe('/sign-in');
    expect((await ask(place, '/sign-in')).text).toContain('type="password"');
    expect((await tryIt('correct horse', { ...form, origin: 'https://evil.example' })).status).toBe(
      403,
    );
    const right = await tryIt('correct horse');
    expect(right.status).toBe(303);
    const cookie = String(right.headers['set-cookie']).split(';')[0]!;
    expect((await ask(place, '/', { headers: { cookie } })).status).toBe(200);
    const named = { cookie, host: 'laurel.example' };
    expect((await ask(place, '/', { headers: named })).status).toBe(200);
    const tries = await Promise.all(Array.from({ length: 8 }, () => tryIt('wrong horse')));
    const statuses = tries.map(({ status }) => status).sort();
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
    const late = await tryIt('correct horse');
    expect(late.status).toBe(429);
    expect(Number(late.headers['retry-after'])).toBeGreaterThan(0);
    // A session of the server without a password opens nothing here.
    expect((await ask(place, '/', { headers: await signIn() })).status).toBe(303);
  });
});
