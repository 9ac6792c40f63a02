import type { Paper } from '../paper.ts';

export const capo: Paper = {
  name: 'capo',
  shortName: 'CAPO',
  title:
    'Stabilizing Policy Gradients for Sample-Efficient Reinforcement Learning in LLM Reasoning',
  authors: ['Luckeciano C. Melo', 'Alessandro Abate', 'Yarin Gal'],
  date: '2025-10-01',
  arxivId: '2510.00819',
  claim:
    'Leaving out the few tokens whose update would move the policy too far (under 8%) keeps GRPO stable at a learning rate where it otherwise collapses, and it reaches the same accuracy with up to 30 times fewer completions.',
  summary:
    'Before each optimiser step, a second-order model of the output layer foretells what every token’s gradient would do to the objective and to the policy: a curvature term from the Hessian and one from the Fisher information, both for the step that SGD or Adam would really take. Tokens outside a trust region are masked out of the loss; the objective itself stays that of GRPO, Dr. GRPO or REINFORCE. Trained on MATH, tested on eight benchmarks of mathematics and science.',
  commands: [
    {
      command: 'npx laurel capo --config recipes/capo/qwen2.5-math-7b-aggressive.yaml',
      does: 'the paper’s configuration, for a GPU',
    },
    {
      command: 'npx laurel grpo --config your.yaml --token_filter capo',
      does: 'any GRPO run, filtered',
    },
    {
      command: 'npx laurel reproduce capo',
      does: 'The study: computes the runs that are missing, then writes findings, tables and plots.',
    },
    {
      command: 'npx laurel reproduce capo --quick',
      does: 'The whole study at a small size, in a minute: shows that it runs; its numbers mean nothing.',
    },
  ],
};
