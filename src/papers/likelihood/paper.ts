import type { Paper } from '../paper.ts';

export const likelihood: Paper = {
  name: 'likelihood',
  shortName: 'Likelihood over-optimisation',
  title: 'Understanding Likelihood Over-optimisation in Direct Alignment Algorithms',
  authors: ['Zhengyan Shi', 'Sander Land', 'Acyr Locatelli', 'Matthieu Geist', 'Max Bartolo'],
  date: '2024-10-15',
  arxivId: '2410.11677',
  claim:
    'In DPO, IPO and hinge training neither a higher likelihood of the better completions nor a wider margin means a better model: both can be overdone, and the entropy and the mass of the likeliest tokens tell when.',
  summary:
    'Preference training often lowers the likelihood of the very completions it should prefer, and a common remedy holds it up. This study follows likelihoods, win rate, diversity and memorised facts through training at many strengths of regularisation: the win rate is best at a middle likelihood, higher likelihood goes with better recall of facts, lower likelihood with more diverse output. Two warnings need no judge: entropy over the top ten tokens that turns and falls, and probability mass that leaks out of the top ten.',
  commands: [
    {
      command: 'npx laurel reproduce likelihood',
      does: 'The study: computes the runs that are missing, then writes findings, tables and plots.',
    },
    {
      command: 'npx laurel reproduce likelihood --quick',
      does: 'The whole study at a small size, in minutes: shows that it runs; its numbers mean little.',
    },
  ],
};
