import { basename } from 'node:path';
import { endingOf, endTime } from './ending.ts';
import { gatherContent, type RunSource } from './gather-content.ts';
import { newMessageId } from './new-message-id.ts';
import type { DigestStore } from './store/digest-store.ts';
import type { Told } from './store/outbox.ts';
import type { Subscriber } from './store/subscribers.ts';

export interface PrepareOptions {
  readonly from: string;
  readonly now: Date;
}

/**
 * Writes a digest for each subscriber for whom runs ended that no digest told of. Who has one waiting gets no second one
 * before that has left. To be called by the process that holds the store's lock.
 * @returns those for whom one was written.
 */
export function prepareDigests(
  store: DigestStore,
  source: RunSource,
  subscribers: readonly Subscriber[],
  options: PrepareOptions,
): Subscriber[] {
  const runs = source.runs().filter((run) => endingOf(run) !== null);
  return subscribers.filter((subscriber) => {
    const { id, since, state } = subscriber;
    if (state !== 'subscribed' || store.outbox.hasWaitingDigest(id)) return false;
    const untold = runs.filter(
      (run) => endTime(run) > since && !store.outbox.hasTold(id, tellingOf(run)),
    );
    if (untold.length === 0) return false;
    write(store, source, subscriber, untold, options);
    return true;
  });
}

type Run = ReturnType<RunSource['runs']>[number];

const tellingOf = (run: Run): Told => ({ folder: basename(run.folder), ending: endingOf(run)! });

function write(
  store: DigestStore,
  source: RunSource,
  { id, since }: Subscriber,
  runs: readonly Run[],
  { from, now }: PrepareOptions,
): void {
  const last = store.outbox.lastDigest(id)?.toISOString() ?? since;
  const content = gatherContent(source, runs, { root: store.root, since: last, now });
  store.outbox.add({
    subscriberId: id,
    kind: 'digest',
    messageId: newMessageId('digest', from),
    content: JSON.stringify(content),
    told: runs.map(tellingOf),
    now,
  });
}
