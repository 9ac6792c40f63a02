import { LaurelError } from '../../errors.ts';
import { sqliteCode } from './database.ts';

/** A run database that cannot be opened, read or written; the run folders hold everything that it did. */
export class StoreError extends LaurelError {
  override name = 'StoreError';
  readonly file: string;
  /** Its bytes are no database, or not a whole one. */
  readonly isDamaged: boolean;

  constructor(
    file: string,
    problem: string,
    { isDamaged = false, ...options }: ErrorOptions & { readonly isDamaged?: boolean } = {},
  ) {
    super(`${file}: ${problem}`, options);
    this.file = file;
    this.isDamaged = isDamaged;
  }

  /** What SQLite threw, with what to do about it. */
  static from(file: string, cause: unknown): StoreError {
    if (cause instanceof StoreError) return cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    const isDamaged = ['SQLITE_NOTADB', 'SQLITE_CORRUPT'].includes(sqliteCode(cause));
    const problem = isDamaged
      ? `the run database is damaged (${message}); laurel runs repair rebuilds it from the run folders`
      : `the run database cannot be used: ${message}`;
    return new StoreError(file, problem, { cause, isDamaged });
  }
}
