/** What the recorded results say, in a few paragraphs, written with them in sight. */
export const reading: readonly string[] = [];

/** Why a finding does not appear as in the paper, by its check. */
export const notes: Readonly<Record<string, string>> = {};
