import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { lockRun, RunInUseError, type RunLock } from '../../runs/index.ts';
import { Database } from '../../runs/store/database.ts';
import { migrate } from '../../runs/store/migrate.ts';
import { StoreError } from '../../runs/store/store-error.ts';
import { readSecretKey } from '../secret-key.ts';
import { Outbox } from './outbox.ts';
import { Subscribers } from './subscribers.ts';
import { subscriptionsMigration } from './subscriptions-migration.ts';

/** Where the digests of a root keep what they must not forget. */
export const digestFolder = (root: string): string => join(root, '.digest');

/**
 * Subscribers and the messages to them, in a database of its own beside the run database: that one is an index which a repair
 * may make anew, and nothing here could be made anew. Every change is on disk before it counts.
 */
export class DigestStore {
  readonly root: string;
  readonly subscribers: Subscribers;
  readonly outbox: Outbox;
  /** Signs the links in mails. */
  readonly key: Buffer;
  readonly #database: Database;

  private constructor(root: string, database: Database, key: Buffer) {
    this.root = root;
    this.#database = database;
    this.key = key;
    this.outbox = new Outbox(database);
    this.subscribers = new Subscribers(database, this.outbox);
  }

  /**
   * Opens what a root's digests remember, and makes it where there is nothing, for this user's eyes alone.
   * @throws StoreError where the database is damaged, of a newer version, or cannot be opened.
   */
  static open(root: string): DigestStore {
    const folder = digestFolder(root);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const key = readSecretKey(join(folder, 'key'));
    const file = join(folder, 'digest.db');
    let database: Database | undefined;
    try {
      database = new Database(file, { busyTimeoutMs: 5000 });
      chmodSync(file, 0o600);
      database.exec('PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
      refuseLater(database, file);
      migrate(database, file, { steps: [subscriptionsMigration] });
      return new DigestStore(root, database, key);
    } catch (error) {
      database?.close();
      throw error instanceof StoreError ? error : unreadable(file, error as Error);
    }
  }

  close(): void {
    this.#database.close();
  }

  /** Takes the right to send, which one process has at a time; undefined while another one has it. */
  lock(): RunLock | undefined {
    try {
      return lockRun(digestFolder(this.root));
    } catch (error) {
      if (error instanceof RunInUseError) return undefined;
      throw error;
    }
  }
}

function unreadable(file: string, cause: Error): StoreError {
  const advice = 'put a copy of the file in its place, or delete it to begin without subscribers';
  return new StoreError(file, `subscribers cannot be read: ${cause.message}; ${advice}`, { cause });
}

function refuseLater(database: Database, file: string): void {
  const version = Number(database.get('PRAGMA user_version')![0]);
  if (version <= subscriptionsMigration.version) return;
  const problem = `is of a later Laurel (version ${version}, this one knows ${subscriptionsMigration.version}); use that one`;
  throw new StoreError(file, problem);
}

/** Opens the store, and closes it whatever happens. */
export function withDigestStore<Result>(root: string, use: (store: DigestStore) => Result): Result {
  const store = DigestStore.open(root);
  try {
    return use(store);
  } finally {
    store.close();
  }
}
