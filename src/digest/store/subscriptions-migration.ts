import type { Migration } from '../../runs/store/migrations/index.ts';

/**
 * Who is told, what was written to them, and which endings of runs that told.
 * - `since`: what ended before is never told to this subscriber.
 * - `nonce` changes with each new request, so that the link of an old mail confirms nothing.
 * - `offered`: an attempt's message was sent whole, and its outcome is not recorded yet. Found at the next start, it becomes
 *   `unsure`: the message may have arrived, and says so when it is sent again.
 */
export const subscriptionsMigration: Migration = {
  version: 1,
  name: 'subscriptions',
  sql: `
CREATE TABLE subscribers (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  email TEXT NOT NULL UNIQUE COLLATE NOCASE,
  state TEXT NOT NULL CHECK (state IN ('pending', 'subscribed', 'unsubscribed')),
  source TEXT NOT NULL CHECK (source IN ('page', 'command')),
  nonce TEXT NOT NULL,
  since TEXT NOT NULL,
  changed_at TEXT NOT NULL
);

CREATE TABLE messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  subscriber_id INTEGER NOT NULL REFERENCES subscribers,
  kind TEXT NOT NULL CHECK (kind IN ('digest', 'confirmation')),
  message_id TEXT NOT NULL UNIQUE,
  created_at TEXT NOT NULL,
  content TEXT,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'accepted', 'refused', 'dropped')),
  offered INTEGER NOT NULL DEFAULT 0,
  unsure INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_at TEXT NOT NULL,
  last_answer TEXT,
  ended_at TEXT
);
CREATE INDEX messages_waiting ON messages (next_attempt_at) WHERE state = 'waiting';
CREATE INDEX messages_subscriber ON messages (subscriber_id, kind, created_at);

CREATE TABLE told (
  subscriber_id INTEGER NOT NULL REFERENCES subscribers,
  folder TEXT NOT NULL,
  ending TEXT NOT NULL,
  message_id INTEGER NOT NULL REFERENCES messages,
  PRIMARY KEY (subscriber_id, folder, ending)
) WITHOUT ROWID;
CREATE INDEX told_message ON told (message_id);
`,
};
