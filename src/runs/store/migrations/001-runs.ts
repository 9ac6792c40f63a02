import type { Migration } from './migration.ts';

/**
 * Runs, their attempts, tags, points and events.
 * - `folder` is the name below the root, so that a root may be moved.
 * - `changed` is the place in the sequence of all changes; what a cursor compares with.
 * - `lines` has a row for each step that has metrics: the other axes of its points.
 * - `blocks` sums up 16 points each, from the first on, and 256 each, so that a long series is read without its points.
 */
export const runsMigration: Migration = {
  version: 1,
  name: 'runs',
  sql: `
CREATE TABLE sequence (value INTEGER NOT NULL);
INSERT INTO sequence VALUES (0);

CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  folder TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  trainer TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT,
  step INTEGER NOT NULL,
  total_steps INTEGER,
  seed INTEGER NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  ended_at TEXT,
  notes TEXT NOT NULL DEFAULT '',
  parent TEXT,
  paper TEXT,
  recipe TEXT,
  completions_per_step REAL,
  changed INTEGER NOT NULL
);
CREATE INDEX runs_changed ON runs (changed);

CREATE TABLE deletions (run_id INTEGER PRIMARY KEY, changed INTEGER NOT NULL);

CREATE TABLE attempts (
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  number INTEGER NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (run_id, number)
) WITHOUT ROWID;

CREATE TABLE tags (
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  tag TEXT NOT NULL,
  PRIMARY KEY (run_id, tag)
) WITHOUT ROWID;

CREATE TABLE metric_keys (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

CREATE TABLE run_keys (
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  key_id INTEGER NOT NULL REFERENCES metric_keys,
  PRIMARY KEY (run_id, key_id)
) WITHOUT ROWID;

CREATE TABLE lines (
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  step INTEGER NOT NULL,
  time REAL NOT NULL,
  elapsed REAL NOT NULL,
  tokens REAL NOT NULL,
  changed INTEGER NOT NULL,
  PRIMARY KEY (run_id, step)
) WITHOUT ROWID;

CREATE TABLE points (
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  key_id INTEGER NOT NULL,
  step INTEGER NOT NULL,
  value REAL,
  PRIMARY KEY (run_id, key_id, step)
) WITHOUT ROWID;

CREATE TABLE blocks (
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  key_id INTEGER NOT NULL,
  size INTEGER NOT NULL,
  first_step INTEGER NOT NULL,
  last_step INTEGER NOT NULL,
  lowest REAL NOT NULL,
  highest REAL NOT NULL,
  mean REAL NOT NULL,
  PRIMARY KEY (run_id, key_id, size, first_step)
) WITHOUT ROWID;

CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  step INTEGER NOT NULL,
  time REAL NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  message TEXT NOT NULL
);
CREATE INDEX events_run ON events (run_id, id);
`,
};
