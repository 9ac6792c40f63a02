/** One numbered change of the database's tables; once released, it is never edited. */
export interface Migration {
  /** The version of a database that has it; 1 more than that of the one before. */
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}
