import type { DigestContent } from './digest-content.ts';
import { composeConfirmation, composeDigest, type MessageHead } from './mail/compose-message.ts';
import { deliverMessage } from './mail/deliver-message.ts';
import { DeliveryError } from './mail/delivery-error.ts';
import type { MailSettings } from './mail/mail-settings.ts';
import type { DigestStore } from './store/digest-store.ts';
import type { MessageKind, WaitingMessage } from './store/outbox.ts';
import { linksFor } from './subscriber-links.ts';

/** What became of a try. */
export interface SendEvent {
  readonly outcome: 'accepted' | 'postponed' | 'refused';
  readonly kind: MessageKind;
  readonly email: string;
  readonly messageId: string;
  /** The server's words, or why there are none. */
  readonly answer: string;
  /** When it is tried again. */
  readonly until?: Date;
}

export interface SendOptions {
  readonly onEvent?: (event: SendEvent) => void;
  readonly now?: () => Date;
  /** Wait after the first try that failed; doubled by each further one, up to an hour. */
  readonly retrySeconds?: number;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const LONGEST_WAIT_SECONDS = 3600;
/** RFC 5321 4.5.4.1: giving up takes at least 4 to 5 days. */
const GIVE_UP_DAYS = 5;

const wait = (attempts: number, retrySeconds: number): number =>
  Math.min(retrySeconds * 2 ** Math.max(0, attempts - 1), LONGEST_WAIT_SECONDS);

/** Tries every message that is due, one after the other. To be called by the process that holds the store's lock. */
export async function sendDue(
  store: DigestStore,
  settings: MailSettings,
  options: SendOptions = {},
): Promise<void> {
  const { now = () => new Date(), signal } = options;
  store.outbox.settle();
  for (const message of store.outbox.due(now())) {
    if (signal?.aborted) return;
    await tryMessage(store, settings, message, options);
  }
}

async function tryMessage(
  store: DigestStore,
  settings: MailSettings,
  message: WaitingMessage,
  options: SendOptions,
): Promise<void> {
  const { now = () => new Date(), onEvent = () => {}, timeoutMs } = options;
  const { id, kind, email, messageId } = message;
  const raw = await compose(store, settings, message);
  store.outbox.begin(id);
  try {
    const answer = await deliverMessage(settings.smtp, { from: settings.from, to: email }, raw, {
      onOffer: () => store.outbox.noteOffer(id),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    store.outbox.accept(id, answer, now());
    onEvent({ outcome: 'accepted', kind, email, messageId, answer });
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error;
    onEvent({ kind, email, messageId, ...noteFailure(store, message, error, options) });
  }
}

function noteFailure(
  { outbox }: DigestStore,
  { id, attempts, createdAt }: WaitingMessage,
  { failure, message: answer }: DeliveryError,
  { now = () => new Date(), retrySeconds = 30 }: SendOptions,
): Pick<SendEvent, 'outcome' | 'answer' | 'until'> {
  const ageDays = (now().getTime() - Date.parse(createdAt)) / 86_400_000;
  if (failure === 'permanent' || ageDays > GIVE_UP_DAYS) {
    outbox.refuse(id, answer, now());
    return { outcome: 'refused', answer };
  }
  const until = new Date(now().getTime() + 1000 * wait(attempts + 1, retrySeconds));
  outbox.postpone(id, answer, { until, isUnsure: failure === 'unknown' });
  return { outcome: 'postponed', answer, until };
}

function compose(
  store: DigestStore,
  settings: MailSettings,
  { subscriberId, kind, email, messageId, createdAt, content, isUnsure }: WaitingMessage,
): Promise<Buffer> {
  const head: MessageHead = {
    from: settings.from,
    to: email,
    messageId,
    date: createdAt,
    mayRepeat: isUnsure,
  };
  if (kind === 'confirmation') return composeConfirmation(JSON.parse(content), head);
  const links = linksFor(store.key, subscriberId, settings);
  return composeDigest(JSON.parse(content) as DigestContent, head, links);
}
