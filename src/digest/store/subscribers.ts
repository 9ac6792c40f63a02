import { randomBytes } from 'node:crypto';
import type { Database, Row } from '../../runs/store/database.ts';
import type { Outbox } from './outbox.ts';

/** `pending` until the owner of the address confirmed. */
export type SubscriberState = 'pending' | 'subscribed' | 'unsubscribed';

/** Somebody who is told what ended. */
export interface Subscriber {
  readonly id: number;
  readonly email: string;
  readonly state: SubscriberState;
  /** `page`: by the form, confirmed by mail; `command`: by whoever runs Laurel. */
  readonly source: 'page' | 'command';
  readonly nonce: string;
  /** What ended before is not told. */
  readonly since: string;
  readonly changedAt: string;
}

const columns = 'id, email, state, source, nonce, since, changed_at';

const readSubscriber = ([id, email, state, source, nonce, since, changedAt]: Row): Subscriber => ({
  id: Number(id),
  email: String(email),
  state: state as SubscriberState,
  source: source as Subscriber['source'],
  nonce: String(nonce),
  since: String(since),
  changedAt: String(changedAt),
});

const newNonce = (): string => randomBytes(9).toString('base64url');

/** The rows of subscribers. */
export class Subscribers {
  readonly #database: Database;
  readonly #outbox: Outbox;

  constructor(database: Database, outbox: Outbox) {
    this.#database = database;
    this.#outbox = outbox;
  }

  all(): Subscriber[] {
    return this.#database
      .all(`SELECT ${columns} FROM subscribers ORDER BY email`)
      .map(readSubscriber);
  }

  get(id: number): Subscriber | undefined {
    const row = this.#database.get(`SELECT ${columns} FROM subscribers WHERE id = ?`, id);
    return row && readSubscriber(row);
  }

  find(email: string): Subscriber | undefined {
    const row = this.#database.get(`SELECT ${columns} FROM subscribers WHERE email = ?`, email);
    return row && readSubscriber(row);
  }

  /** Notes that somebody asked for digests by the form; a subscriber stays one. */
  request(email: string, now: Date): Subscriber {
    return this.#database.transaction(() => {
      const known = this.find(email);
      if (known?.state === 'subscribed' || known?.state === 'pending') return known;
      this.#put({ email, state: 'pending', source: 'page', since: now.toISOString(), now });
      return this.find(email)!;
    });
  }

  /** Subscribes an address on the word of whoever runs Laurel, also one that left. */
  add(email: string, { since, now }: { since: string; now: Date }): Subscriber {
    return this.#database.transaction(() => {
      if (this.find(email)?.state !== 'subscribed')
        this.#put({ email, state: 'subscribed', source: 'command', since, now });
      return this.find(email)!;
    });
  }

  /** Confirms a request. @returns the subscriber; undefined where the request is not the last one, or was withdrawn. */
  confirm(id: number, nonce: string, now: Date): Subscriber | undefined {
    this.#database.run(
      `UPDATE subscribers SET state = 'subscribed', since = ?, changed_at = ?
       WHERE id = ? AND nonce = ? AND state = 'pending'`,
      now.toISOString(),
      now.toISOString(),
      id,
      nonce,
    );
    const subscriber = this.get(id);
    return subscriber?.state === 'subscribed' && subscriber.nonce === nonce
      ? subscriber
      : undefined;
  }

  /** Ends a subscription or a request, and drops what waits to be sent. Done twice, it changes nothing. */
  unsubscribe(id: number, now: Date): void {
    this.#database.transaction(() => {
      this.#database.run(
        `UPDATE subscribers SET state = 'unsubscribed', nonce = ?, changed_at = ?
         WHERE id = ? AND state <> 'unsubscribed'`,
        newNonce(),
        now.toISOString(),
        id,
      );
      this.#outbox.drop(id, now);
    });
  }

  #put(row: Pick<Subscriber, 'email' | 'state' | 'source' | 'since'> & { now: Date }): void {
    this.#database.run(
      `INSERT INTO subscribers (email, state, source, nonce, since, changed_at) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (email) DO UPDATE SET state = excluded.state, source = excluded.source,
         nonce = excluded.nonce, since = excluded.since, changed_at = excluded.changed_at`,
      row.email,
      row.state,
      row.source,
      newNonce(),
      row.since,
      row.now.toISOString(),
    );
  }
}
