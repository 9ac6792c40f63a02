import type { Database, Row } from '../../runs/store/database.ts';

export type MessageKind = 'digest' | 'confirmation';

/** A message that waits for a mail server. */
export interface WaitingMessage {
  readonly id: number;
  readonly subscriberId: number;
  readonly email: string;
  readonly kind: MessageKind;
  /** With its angle brackets; the same at every try. */
  readonly messageId: string;
  readonly createdAt: string;
  /** What it says, as JSON. */
  readonly content: string;
  /** Tries so far. */
  readonly attempts: number;
  /** Whether an earlier try may have been accepted. */
  readonly isUnsure: boolean;
}

/** An ending of a run that a message tells of. */
export interface Told {
  readonly folder: string;
  readonly ending: string;
}

export interface NewMessage {
  readonly subscriberId: number;
  readonly kind: MessageKind;
  readonly messageId: string;
  readonly content: string;
  readonly told: readonly Told[];
  readonly now: Date;
}

const readMessage = (row: Row): WaitingMessage => {
  const [id, subscriberId, email, kind, messageId, createdAt, content, attempts, unsure] = row;
  return {
    id: Number(id),
    subscriberId: Number(subscriberId),
    email: String(email),
    kind: kind as MessageKind,
    messageId: String(messageId),
    createdAt: String(createdAt),
    content: String(content),
    attempts: Number(attempts),
    isUnsure: unsure === 1,
  };
};

/** Messages, from before they are sent until a mail server accepted or refused them for good. */
export class Outbox {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Records a message, with what it tells, before anything is sent. */
  add({ subscriberId, kind, messageId, content, told, now }: NewMessage): void {
    this.#database.transaction(() => {
      this.#database.run(
        `INSERT INTO messages (subscriber_id, kind, message_id, created_at, content, state, next_attempt_at)
         VALUES (?, ?, ?, ?, ?, 'waiting', ?)`,
        subscriberId,
        kind,
        messageId,
        now.toISOString(),
        content,
        now.toISOString(),
      );
      const [id] = this.#database.get('SELECT last_insert_rowid()')!;
      for (const { folder, ending } of told)
        this.#database.run(
          'INSERT INTO told (subscriber_id, folder, ending, message_id) VALUES (?, ?, ?, ?)',
          subscriberId,
          folder,
          ending,
          id!,
        );
    });
  }

  /** Whether a subscriber was, or is about to be, told of an ending. */
  hasTold(subscriberId: number, { folder, ending }: Told): boolean {
    const sql = 'SELECT 1 FROM told WHERE subscriber_id = ? AND folder = ? AND ending = ?';
    return this.#database.get(sql, subscriberId, folder, ending) !== undefined;
  }

  /** Messages whose next try is due, oldest first. */
  due(now: Date): WaitingMessage[] {
    return this.#database
      .all(
        `SELECT m.id, subscriber_id, email, kind, message_id, created_at, content, attempts, unsure
         FROM messages m JOIN subscribers s ON s.id = subscriber_id
         WHERE m.state = 'waiting' AND next_attempt_at <= ? ORDER BY m.id`,
        now.toISOString(),
      )
      .map(readMessage);
  }

  /** When the next waiting message is due; undefined where none waits. */
  nextAttempt(): Date | undefined {
    const [at] = this.#database.get(
      `SELECT min(next_attempt_at) FROM messages WHERE state = 'waiting'`,
    )!;
    return at === null || at === undefined ? undefined : new Date(String(at));
  }

  /** Whether a digest waits for a subscriber. */
  hasWaitingDigest(subscriberId: number): boolean {
    const sql = `SELECT 1 FROM messages WHERE subscriber_id = ? AND kind = 'digest' AND state = 'waiting'`;
    return this.#database.get(sql, subscriberId) !== undefined;
  }

  /** How many messages of a kind were made since a time, to one subscriber where that is given. */
  countSince(kind: MessageKind, since: Date, subscriberId?: number): number {
    const sql = `SELECT count(*) FROM messages WHERE kind = ? AND created_at > ? AND (? IS NULL OR subscriber_id = ?)`;
    const id = subscriberId ?? null;
    return Number(this.#database.get(sql, kind, since.toISOString(), id, id)![0]);
  }

  /** When the last digest that was not refused was made, to one subscriber where that is given. */
  lastDigest(subscriberId: number | null = null): Date | undefined {
    const [at] = this.#database.get(
      `SELECT max(created_at) FROM messages WHERE kind = 'digest' AND state IN ('waiting', 'accepted')
       AND (? IS NULL OR subscriber_id = ?)`,
      subscriberId,
      subscriberId,
    )!;
    return at === null || at === undefined ? undefined : new Date(String(at));
  }

  /** At the start of a pass: what a vanished process offered, may have been accepted. */
  settle(): void {
    this.#database.run(
      `UPDATE messages SET unsure = 1, offered = 0 WHERE offered = 1 AND state = 'waiting'`,
    );
  }

  /** Counts a try. */
  begin(id: number): void {
    this.#database.run('UPDATE messages SET attempts = attempts + 1 WHERE id = ?', id);
  }

  /** From here on the server may accept the message without our knowing. */
  noteOffer(id: number): void {
    this.#database.run('UPDATE messages SET offered = 1 WHERE id = ?', id);
  }

  accept(id: number, answer: string, now: Date): void {
    this.#end(id, 'accepted', answer, now);
  }

  /** Refused for good: what it told is told by the next digest. */
  refuse(id: number, answer: string, now: Date): void {
    this.#database.transaction(() => {
      this.#end(id, 'refused', answer, now);
      this.#database.run('DELETE FROM told WHERE message_id = ?', id);
    });
  }

  /** To be tried again, with the same id. */
  postpone(id: number, answer: string, { until, isUnsure }: { until: Date; isUnsure: boolean }) {
    this.#database.run(
      'UPDATE messages SET offered = 0, unsure = max(unsure, ?), last_answer = ?, next_attempt_at = ? WHERE id = ?',
      isUnsure ? 1 : 0,
      answer,
      until.toISOString(),
      id,
    );
  }

  /** Drops what waits for a subscriber. */
  drop(subscriberId: number, now: Date): void {
    this.#database.run(
      `DELETE FROM told WHERE message_id IN (SELECT id FROM messages WHERE subscriber_id = ? AND state = 'waiting')`,
      subscriberId,
    );
    this.#database.run(
      `UPDATE messages SET state = 'dropped', content = NULL, ended_at = ? WHERE subscriber_id = ? AND state = 'waiting'`,
      now.toISOString(),
      subscriberId,
    );
  }

  #end(id: number, state: 'accepted' | 'refused', answer: string, now: Date): void {
    this.#database.run(
      'UPDATE messages SET state = ?, offered = 0, content = NULL, last_answer = ?, ended_at = ? WHERE id = ?',
      state,
      answer,
      now.toISOString(),
      id,
    );
  }
}
