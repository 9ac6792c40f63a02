import type { Check, Headline, Plot } from '../results-record.ts';
import type { CellPlan, CellRecord, Json } from './cell.ts';
import type { PageSection } from './results-page.ts';

/** What the user of `laurel reproduce` chooses of a study. */
export interface PlanOptions {
  /** A small version of the whole, in minutes; its numbers show that it runs and nothing else. */
  readonly isQuick: boolean;
  /** Folder of real data; null where there is none. */
  readonly data: string | null;
  /** The study's own unless given. */
  readonly seeds?: readonly number[] | undefined;
}

export interface StudyPlan {
  /** Those that others need before them, the most telling first. */
  readonly cells: readonly CellPlan[];
  /** What is left out and why, for people. */
  readonly notes: readonly string[];
}

/** Where a cell computes. */
export interface CellContext {
  /** Its own files, empty at first. */
  readonly folder: string;
  /** Files of the cells it needs, by their names. */
  readonly neededFolders: ReadonlyMap<string, string>;
  readonly data: string | null;
  readonly signal: AbortSignal;
  /** Says how far it is, in a few words. */
  readonly report: (progress: string) => void;
}

/** What a study concludes from its cells, however many there are. */
export interface StudyReport {
  readonly headline: Omit<Headline, 'command'>;
  readonly checks: readonly Check[];
  /** With their contents, SVG. */
  readonly plots: readonly (Plot & { readonly svg: string })[];
  readonly sections: readonly PageSection[];
}

/** A paper's study, as `laurel reproduce` runs it. */
export interface Reproduction {
  /** The paper's folder. */
  readonly paper: string;
  readonly title: string;
  plan(options: PlanOptions): StudyPlan;
  /** Computes one cell, in a process of its own. */
  compute(cell: CellPlan, context: CellContext): Promise<Json>;
  report(cells: readonly CellRecord[]): StudyReport;
}
