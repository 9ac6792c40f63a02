/** A command that runs a paper's system, or part of it, with what it does in a few words. */
export interface PaperCommand {
  readonly command: string;
  readonly does: string;
}

/** What is known of a paper before anything ran; its results lie in its folder (`results/`). */
export interface Paper {
  /** The folder below `src/papers`, and the word that names the paper on the command line. */
  readonly name: string;
  /** What people call it: `CAPO`. */
  readonly shortName: string;
  readonly title: string;
  readonly authors: readonly string[];
  /** When its first version appeared, `YYYY-MM-DD`. */
  readonly date: string;
  /** `2510.00819`. */
  readonly arxivId: string;
  /** What it claims, in our words: one sentence. */
  readonly claim: string;
  /** How it does that, in our words; the search covers it. */
  readonly summary: string;
  /** Empty where it is not implemented. */
  readonly commands: readonly PaperCommand[];
}

/** The paper's page at arXiv. */
export const arxivUrl = ({ arxivId }: Pick<Paper, 'arxivId'>): string =>
  `https://arxiv.org/abs/${arxivId}`;
