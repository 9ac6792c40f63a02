import type { Finding } from './finding.ts';

/** A question with its answer, in the keys of its file. */
export interface KeyedQuestion {
  readonly user: string;
  /** Oldest first, at least one item. */
  readonly history: readonly string[];
  readonly target: string;
}

/** Questions of a file, in its order. */
export interface QuestionTable {
  readonly questions: readonly KeyedQuestion[];
  readonly findings: readonly Finding[];
}

/** A split that comes as files of questions. */
export interface QuestionFiles {
  /** Without it train is made of the histories of valid, see {@link trainFromHistories}. */
  readonly train?: QuestionTable | undefined;
  readonly valid: QuestionTable;
  readonly test: QuestionTable;
}
