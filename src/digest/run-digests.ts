import { setTimeout as sleep } from 'node:timers/promises';
import { RunStore } from '../runs/store/index.ts';
import type { MailSettings } from './mail/mail-settings.ts';
import { prepareDigests } from './prepare-digests.ts';
import { type SendOptions, sendDue } from './send-due.ts';
import { DigestStore } from './store/digest-store.ts';
import type { Subscriber } from './store/subscribers.ts';

export interface PassOptions extends SendOptions {
  readonly root: string;
  readonly settings: MailSettings;
  /** Whom to write new digests to; nobody: only what waits is sent. */
  readonly choose: (all: readonly Subscriber[]) => readonly Subscriber[];
}

/** How long to wait for another process that sends. */
const LOCK_WAIT_MS = 60_000;
const LOCK_POLL_MS = 200;

/** What a pass did, or why it did nothing. */
export interface PassReport {
  /** Addresses for which a digest was written. */
  readonly written: readonly string[];
  /** When the next waiting message is due; undefined where none waits. */
  readonly nextAttempt: Date | undefined;
  /** Whether another process sends just now. */
  readonly isBusy: boolean;
}

/** Writes the digests that are called for, and sends what is due. */
export async function digestPass(options: PassOptions): Promise<PassReport> {
  const { root, settings, choose, now = () => new Date(), signal } = options;
  const store = DigestStore.open(root);
  try {
    const lock = await takeLock(store, signal);
    if (lock === undefined)
      return { written: [], nextAttempt: store.outbox.nextAttempt(), isBusy: true };
    try {
      const subscribers = choose(store.subscribers.all());
      const written = writeDigests(store, subscribers, { from: settings.from, now: now() });
      await sendDue(store, settings, options);
      return { written, nextAttempt: store.outbox.nextAttempt(), isBusy: false };
    } finally {
      lock.release();
    }
  } finally {
    store.close();
  }
}

function writeDigests(
  store: DigestStore,
  subscribers: readonly Subscriber[],
  options: { from: string; now: Date },
): string[] {
  if (subscribers.length === 0) return [];
  const runs = RunStore.open(store.root);
  try {
    return prepareDigests(store, runs, subscribers, options).map(({ email }) => email);
  } finally {
    runs.close();
  }
}

async function takeLock(store: DigestStore, signal: AbortSignal | undefined) {
  const end = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    const lock = store.lock();
    if (lock !== undefined || Date.now() > end || signal?.aborted) return lock;
    await sleep(LOCK_POLL_MS);
  }
}
