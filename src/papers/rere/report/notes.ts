/** Why a finding does not appear as in the paper, by check; written after the recorded run. */
export const notes: Readonly<Record<string, string>> = {};
