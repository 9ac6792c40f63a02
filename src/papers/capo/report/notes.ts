/** What the recorded results say, in a few paragraphs, written with them in sight. */
export const reading: readonly string[] = [
  'The two regimes are as in the paper: conservative GRPO climbs, GRPO with five times the rate and a twelfth of the batch collapses on every seed of both tasks. CAPO’s filter does not prevent it, under any of the three objectives, on either task, at any bound that was tried, by token or by completion, nor with twelve times the tokens a step; on Countdown and with many tokens the filtered runs end lower than the others, on sums all end below a tenth. What does help at this batch is a fifth of the rate, which ends above the conservative run.',
  'The model that the filter rests on is sound: its step of the head is the optimiser’s, and m_F ranks tokens as the paper says. What fails is what is done with it. The tokens with the largest predicted shift are those that the policy finds unlikely, whichever the sign of their advantage. At the bounds that reject a few percent they are not outliers but much of the signal (what is left has a cosine of 0.54 or less with the whole gradient), and AdamW gives what is left its usual length. That is not all of it: at x = 0.08, which rejects 0.1%, the run falls as it does unfiltered.',
];

/** Why a finding does not appear as in the paper, by its check. */
export const notes: Readonly<Record<string, string>> = {
  stability:
    'With the head alone trained, at the same rate and batch, nothing collapses, filtered or not: so it takes the trunk, of which a model of the head sees nothing, for a collapse. At x = 0.03 the filter takes every sampled token of probability 0.1 or less, and what is left has a cosine of 0.54 with the whole gradient and 0.44 of its norm (controlled case, below).',
  'many-tokens':
    'Twelve times the completions a step, three times as many in all. At the aggressive rate GRPO then climbs and the same run with the filter falls: the filter is what breaks it.',
  baselines:
    'A KL penalty of 0.1 slows the fall on sums and nearly stops it on Countdown (1 of 5 runs collapse); a tighter clip does not help, nor do shorter gradients much, whose length AdamW undoes.',
};
