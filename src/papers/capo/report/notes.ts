/** What the recorded results say, in a few paragraphs, written with them in sight. */
export const reading: readonly string[] = [
  'The study is far from whole: the core arms exist for few seeds, and no finding has a verdict from fewer than three. What there is says that at this size aggressive GRPO collapses, as in the paper, and that CAPO’s filter does not prevent it. The README of this folder tells of trials that came before.',
];

/** Why a finding does not appear as in the paper, by its check. */
export const notes: Readonly<Record<string, string>> = {
  stability:
    'With the head alone trained, at the same rate and batch, nothing collapses: what collapses is the trunk, of which a model of the head sees nothing. And with about 900 tokens a step the rejected ones are not rare outliers but what there is to learn from: every sampled token of probability 0.1 or less.',
};
