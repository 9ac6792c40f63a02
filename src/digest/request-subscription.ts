import { newMessageId } from './new-message-id.ts';
import { placeOf } from './place-of.ts';
import type { DigestStore } from './store/digest-store.ts';
import { confirmUrl } from './subscriber-links.ts';

/** How many mails the form may cause, so that nobody fills a stranger's mailbox with it. */
const limits = { everybodyPerHour: 20, addressPerDay: 3, addressMinutes: 10 } as const;

/** `noted` says nothing of whether the address was known: who asks must not learn that. */
export type RequestOutcome = 'noted' | 'too-many';

export interface SubscriptionRequest {
  /** From `readMailAddress`. */
  readonly email: string;
  /** Where the page that confirms is reached. */
  readonly baseUrl: string;
  readonly from: string;
  readonly now: Date;
}

/** Notes a request to subscribe, and writes the mail that asks the address's owner to confirm it. */
export function requestSubscription(
  store: DigestStore,
  { email, baseUrl, from, now }: SubscriptionRequest,
): RequestOutcome {
  const { outbox, subscribers } = store;
  const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
  if (outbox.countSince('confirmation', ago(60)) >= limits.everybodyPerHour) return 'too-many';
  const { id, state, nonce } = subscribers.request(email, now);
  const isOften =
    outbox.countSince('confirmation', ago(limits.addressMinutes), id) > 0 ||
    outbox.countSince('confirmation', ago(24 * 60), id) >= limits.addressPerDay;
  if (state !== 'pending' || isOften) return 'noted';
  const url = confirmUrl(store.key, { id, nonce }, { baseUrl, now });
  outbox.add({
    subscriberId: id,
    kind: 'confirmation',
    messageId: newMessageId('confirmation', from),
    content: JSON.stringify({ confirmUrl: url, place: placeOf(store.root) }),
    told: [],
    now,
  });
  return 'noted';
}
