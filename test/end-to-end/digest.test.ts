import type { ChildProcess } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { withDigestStore } from '../../src/digest/index.ts';
import { endedRun } from '../support/ended-run.ts';
import { type RunOptions, workplace } from '../support/laurel-command.ts';
import { type MailServerOptions, startMailServer } from '../support/mail-server.ts';
import { temporaryRoots } from '../support/temporary-root.ts';

const { laurel } = workplace();
const newRoot = temporaryRoots();

/** A root with one run that finished. */
function rootWithRun(): string {
  const root = newRoot();
  endedRun(root, 'sums');
  return root;
}

/** `laurel digest` against a mail server of the test's own. */
async function digestOf(root: string, options: MailServerOptions = {}) {
  const server = await startMailServer(options);
  const mail = ['--smtp_url', server.url, '--mail_from', 'laurel@example.org'];
  const common = ['--root', root, ...mail, '--retry_seconds', '0.1'];
  const digest = (args: readonly string[] = [], run: RunOptions = {}) =>
    laurel(['digest', ...args, ...common], run);
  return { ...server, digest };
}

const idOf = (raw: string): string | undefined => /^Message-ID: (.*)$/im.exec(raw)?.[1]?.trim();
const recordedIds = (root: string): string[] =>
  withDigestStore(root, ({ outbox }) => outbox.due(new Date(8e15)).map((each) => each.messageId));

test('laurel digest mails what ended since the last one, and nothing twice', async () => {
  const root = rootWithRun();
  const { digest, messages } = await digestOf(root);
  const first = await digest(['--to', 'ada@example.org']);
  expect(first).toMatchObject({ code: 0, stderr: 'digest to ada@example.org: accepted\n' });
  expect(messages).toHaveLength(1);
  expect(messages[0]).toMatchObject({ from: 'laurel@example.org', to: ['ada@example.org'] });
  const { subject, text, attachments } = messages[0]!.mail;
  expect(subject).toBe('Laurel: 1 run finished');
  expect(text).toMatch(
    /sums \(finished\)\n.*seed 1[\s\S]*reward: 0.25 to 0.75, best 0.75 at step 2/,
  );
  expect(attachments).toMatchObject([{ contentType: 'image/png', contentDisposition: 'inline' }]);

  const again = await digest();
  expect(again).toMatchObject({ code: 0, stderr: 'nothing ended that was not told already\n' });
  endedRun(root, 'later', { outcome: 'failed', reason: 'the loss is not finite' });
  await digest();
  expect(messages).toHaveLength(2);
  expect(messages[1]?.mail.text).toMatch(/later \(failed: the loss is not finite\)/);
  expect(messages[1]?.mail.text).not.toContain('sums');
  for (const [file, mode] of [
    ['key', 0o600],
    ['digest.db', 0o600],
    ['', 0o700],
  ] as const)
    expect(statSync(join(root, '.digest', file)).mode & 0o777).toBe(mode);
}, 60_000);

describe('a mail server that fails', () => {
  it('is tried again, with the same id, until it accepts', async () => {
    const root = rootWithRun();
    const ids: (string | undefined)[] = [];
    const { digest, messages } = await digestOf(root, {
      onMessage: ({ raw }) => {
        ids.push(idOf(raw));
        return ids.length < 3 ? { code: 451, text: 'later' } : undefined;
      },
    });
    const { code, stderr } = await digest(['--to', 'ada@example.org']);
    expect(code).toBe(0);
    expect(stderr.match(/not yet: .*451 later; again at/g)).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
    expect(messages.map(({ raw }) => idOf(raw))).toEqual([ids[0]]);
    // Refused by word of the server: it cannot have arrived, and does not say so.
    expect(messages[0]?.mail.headers.has('x-laurel-may-repeat')).toBe(false);
  }, 60_000);

  it('for longer than the tries loses nothing: the next call sends it', async () => {
    const root = rootWithRun();
    let isDown = true;
    const { digest, messages } = await digestOf(root, {
      onRecipient: () => (isDown ? { code: 450, text: 'busy' } : undefined),
    });
    const first = await digest(['--to', 'ada@example.org', '--attempts', '2']);
    expect(first.code).toBe(1);
    expect(first.stderr).toContain('what was not accepted is kept');
    const [id] = recordedIds(root);
    isDown = false;
    expect((await digest()).code).toBe(0);
    expect(messages.map(({ raw }) => idOf(raw))).toEqual([id]);
  }, 60_000);

  it('for good refuses one digest, and the next tells of the same runs', async () => {
    const root = rootWithRun();
    let isUnknown = true;
    const { digest, messages } = await digestOf(root, {
      onRecipient: () => (isUnknown ? { code: 550, text: 'no such user' } : undefined),
    });
    const first = await digest(['--to', 'ada@example.org']);
    expect(first.code).toBe(1);
    expect(first.stderr).toMatch(/refused for good: .*no such user/);
    isUnknown = false;
    expect((await digest()).code).toBe(0);
    expect(messages).toHaveLength(1);
    expect(messages[0]?.mail.text).toContain('sums');
  }, 60_000);
});

describe('a digest whose process is killed', () => {
  /** Kills the first process at a point of its conversation, and starts another. */
  async function killedAt(point: (kill: () => void) => MailServerOptions) {
    const root = rootWithRun();
    let child: ChildProcess | undefined;
    let isFirst = true;
    const kill = () => {
      if (isFirst) child?.kill('SIGKILL');
      isFirst = false;
    };
    const { digest, messages } = await digestOf(root, point(kill));
    const first = await digest(['--to', 'ada@example.org'], {
      onStart: (started) => {
        child = started;
      },
    });
    expect(first.signal).toBe('SIGKILL');
    const [id] = recordedIds(root);
    const second = await digest();
    return { id, second, messages, root };
  }
  const repeats = (raw: string) => /^X-Laurel-May-Repeat: yes/im.test(raw);

  const points: Record<string, (kill: () => void) => MailServerOptions> = {
    'as it connects': (kill) => ({
      onConnect: (_session, next) => {
        kill();
        next();
      },
    }),
    'as it names the recipient': (kill) => ({
      onRecipient: () => {
        kill();
        return undefined;
      },
    }),
  };

  it.each(Object.keys(points))(
    '%s is sent once by the next, with the id recorded before, and is no repeat',
    async (point) => {
      const { id, second, messages } = await killedAt(points[point]!);
      expect(second.code).toBe(0);
      expect(messages.map(({ raw }) => [idOf(raw), repeats(raw)])).toEqual([[id, false]]);
    },
    60_000,
  );

  it('between acceptance and its record is sent again with the same id, and says so', async () => {
    const { id, second, messages } = await killedAt((kill) => ({
      onMessage: () => {
        kill();
        return undefined;
      },
    }));
    expect(second.code).toBe(0);
    expect(messages.map(({ raw }) => [idOf(raw), repeats(raw)])).toEqual([
      [id, false],
      [id, true],
    ]);
    expect(messages[1]?.mail.text).toMatch(/You may have this digest already/);
  }, 60_000);

  it('after the record is not sent again', async () => {
    const root = rootWithRun();
    const { digest, messages } = await digestOf(root);
    await digest(['--to', 'ada@example.org'], {
      onStderr: (text, child) => {
        if (text.includes('accepted')) child.kill('SIGKILL');
      },
    });
    await digest();
    expect(messages).toHaveLength(1);
  }, 60_000);
});

test('--every keeps running, tells of what ends, and stops by Ctrl-C', async () => {
  const root = rootWithRun();
  const { digest, messages } = await digestOf(root, {});
  // One Ctrl-C: a second one ends the process without waiting.
  let isAsked = false;
  const { code, stderr } = await digest(['--to', 'ada@example.org', '--every', 'day'], {
    onStderr: (text, child) => {
      if (!isAsked && text.includes('accepted')) isAsked = child.kill('SIGINT');
    },
  });
  expect({ code, count: messages.length }).toEqual({ code: 130, count: 1 });
  expect(stderr).toMatch(/^digests every day, the first at /);
  // Started again, it waits for its day.
  const second = await digest(['--every', 'day'], {
    onStderr: (_, child) => void setTimeout(() => child.kill('SIGINT'), 300),
  });
  const first = /the first at (\S+)/.exec(second.stderr)?.[1] ?? '';
  expect(Date.parse(first) - Date.now()).toBeGreaterThan(86_000_000);
  expect(messages).toHaveLength(1);
}, 60_000);

test('an address that left gets nothing until it is subscribed anew', async () => {
  const root = rootWithRun();
  const { digest, messages } = await digestOf(root);
  expect((await digest(['subscribe', 'ada@example.org'])).stdout).toBe(
    'ada@example.org subscribed\n',
  );
  await digest(['unsubscribe', 'ADA@example.org']);
  const refused = await digest(['--to', 'ada@example.org']);
  expect(refused.stderr).toMatch(/ada@example\.org unsubscribed on .* gets none/);
  expect(messages).toEqual([]);
  await digest(['subscribe', 'ada@example.org']);
  await digest();
  expect(messages).toHaveLength(1);
  const { stdout } = await digest(['subscribers']);
  expect(stdout).toMatch(/^ada@example\.org {2}subscribed {2}by command/);
}, 60_000);

test.each([
  [['--to', 'ada@example.org, eve@example.org'], /--to: .* is not a mail address/],
  [['--to', 'ada@example.org\r\nBcc: eve@example.org'], /--to: .* is not a mail address/],
  [['--to', 'ada@example.org', '--public_url', 'ftp://x'], /public_url: .* expected https/],
  [['unsubscribe', 'eve@example.org'], /eve@example.org is not subscribed/],
  [['everybody'], /laurel digest everybody: expected/],
])('%j is refused before anything is sent', async (args, message) => {
  const { digest, messages } = await digestOf(rootWithRun());
  const { code, stderr } = await digest(args);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
  expect(messages).toEqual([]);
});

test('without a mail server it says how to name one; a password in it is never printed', async () => {
  const root = rootWithRun();
  const none = await laurel(['digest', '--to', 'ada@example.org', '--root', root]);
  expect(none).toMatchObject({ code: 2, stderr: expect.stringMatching(/export LAUREL_SMTP_URL/) });
  const url = 'smtp://ada%40example.org:s3cret@127.0.0.1:1';
  const closed = await laurel([
    ...['digest', '--to', 'ada@example.org', '--root', root],
    ...['--smtp_url', url, '--attempts', '1'],
  ]);
  expect(closed.code).toBe(1);
  expect(closed.stderr).toContain('127.0.0.1:1: ');
  expect(closed.stderr + closed.stdout).not.toContain('s3cret');
});
