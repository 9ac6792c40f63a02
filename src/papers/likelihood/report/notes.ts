/** Why a finding does not appear as in the paper, by check; written after the recorded run. */
export const notes: Readonly<Record<string, string>> = {
  bend: 'The bend is there, and a quadratic in nats does not see it. Runs that stay as likely as the reference, by a strong hold or much NLL, win less than those a few hundredths of a nat below, and from there win probability falls slowly over more than a nat. Four points in ten lie within two hundredths of a nat of the reference, on the short side, and a curve over nats is decided by the long one. Over ranks both sides count alike. That scale was chosen after this was seen; the one in nats was fixed before.',
  length:
    'Length is part of what is preferred here: the gold reward asks for three adjectives, base samples have fewer, and chosen completions are longer than rejected ones (table of base models). Training lengthens completions and lowers likelihood together, most where the hold is weak.',
  diversity:
    'The sign is the opposite, and comes by way of length: less likely policies write longer sentences with the same few adjectives over and over (see the sentences below). With length held, nothing of the relation is left.',
  'entropy-turn':
    'The entropy rises and turns early in about half of all runs, also in those whose win probability goes on rising: here it tells more of how training starts than of harm. Where win probability does fall, its peak comes first.',
  mass: 'The alphabet has 34 tokens, and the ten likeliest hold 98% throughout: there is hardly anywhere to leak to. One look in ten moves it by as much as these falls anyway. Sentences do fall apart under the weakest hinge (see below), with the mass where it was.',
  'early-stop':
    'Nothing is gained over training to the end. The learning rate falls to 0, and win probability comes back with it: without that fall the end of training loses far more, and the indicators do not save it, since win probability peaks before either of them can be told to have turned.',
};
