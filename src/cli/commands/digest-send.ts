import {
  type DigestStore,
  digestEvery,
  digestOnce,
  type PassReport,
  requireMailAddress,
  resolveMail,
  type SendEvent,
  type Subscriber,
  withDigestStore,
} from '../../digest/index.ts';
import { abortOnInterrupt } from '../interruption.ts';
import type { DigestConfig } from './digest-config.ts';

const DAY_MS = 86_400_000;
const periods = { hour: DAY_MS / 24, day: DAY_MS, week: 7 * DAY_MS } as const;

/** When the first digest to an address begins to look. */
export function firstLook({ sinceDays }: DigestConfig): { since: string; now: Date } {
  const now = new Date();
  return { since: new Date(now.getTime() - sinceDays * DAY_MS).toISOString(), now };
}

/** Writes digests and sends them, once or each period. @returns the exit code: 1 where something did not leave. */
export async function sendDigests(config: DigestConfig): Promise<number> {
  const settings = resolveMail(config);
  const to = config.to.map((text) => requireMailAddress(text, '--to'));
  const { recipients, lastDigest } = withDigestStore(config.root, (store) => ({
    recipients: to.flatMap((email) => subscribed(store, email, config)),
    lastDigest: store.outbox.lastDigest(),
  }));
  const { signal, release } = abortOnInterrupt('what was not sent is kept');
  let refused = 0;
  const options = {
    root: config.root,
    settings,
    choose: (all: readonly Subscriber[]) =>
      to.length === 0 ? all : all.filter(({ id }) => recipients.includes(id)),
    retrySeconds: config.retrySeconds,
    timeoutMs: 1000 * config.timeoutSeconds,
    signal,
    onEvent: (event: SendEvent) => {
      if (event.outcome === 'refused') refused++;
      console.error(describe(event));
    },
  };
  if (config.every !== null) {
    const periodMs = periods[config.every];
    const start = new Date(Math.max(Date.now(), (lastDigest?.getTime() ?? 0) + periodMs));
    console.error(`digests every ${config.every}, the first at ${start.toISOString()}`);
    await digestEvery({ ...options, periodMs, start, onPass: reportPass });
    release();
    return 130;
  }
  const report = await digestOnce({ ...options, attempts: config.attempts });
  release();
  reportPass(report);
  if (signal.aborted) return 130;
  return refused > 0 || report.isBusy || report.nextAttempt !== undefined ? 1 : 0;
}

/** The subscriber of an address; none where its owner left: a word on the command line is not theirs. */
function subscribed({ subscribers }: DigestStore, email: string, config: DigestConfig): number[] {
  const known = subscribers.find(email);
  if (known?.state === 'subscribed') return [known.id];
  if (known?.state !== 'unsubscribed') return [subscribers.add(email, firstLook(config)).id];
  console.error(
    `${email} unsubscribed on ${known.changedAt} and gets none; if its owner wants digests again: laurel digest subscribe ${email}`,
  );
  return [];
}

function describe({ outcome, kind, email, answer, until }: SendEvent): string {
  if (outcome === 'accepted') return `${kind} to ${email}: accepted`;
  if (outcome === 'refused') return `${kind} to ${email}: refused for good: ${answer}`;
  return `${kind} to ${email}: not yet: ${answer}; again at ${until?.toISOString()}`;
}

function reportPass({ written, nextAttempt, isBusy }: PassReport): void {
  if (isBusy) console.error('another process is sending digests of these runs; nothing done');
  else if (written.length === 0 && nextAttempt === undefined)
    console.error('nothing ended that was not told already');
  if (nextAttempt !== undefined && !isBusy)
    console.error('what was not accepted is kept; the next laurel digest sends it');
}
