import type { Paper } from '../paper.ts';

export const epo: Paper = {
  name: 'epo',
  shortName: 'EPO',
  title:
    'EPO: Explicit Policy Optimization for Strategic Reasoning in LLMs via Reinforcement Learning',
  authors: [
    'Xiaoqian Liu',
    'Ke Wang',
    'Yongbin Li',
    'Yuchuan Wu',
    'Wentao Ma',
    'Aobo Kong',
    'Fei Huang',
    'Jianbin Jiao',
    'Junge Zhang',
  ],
  date: '2025-02-18',
  arxivId: '2502.12486',
  claim:
    'A model trained only to suggest a strategy each turn makes other, frozen agents better at long dialogues and web tasks.',
  summary:
    'The strategist writes one short strategy per turn; the agent beside it acts and may ignore it. After an episode a judge marks the turns that mattered; each turn’s return is discounted from these marks and from the outcome, and a turn-level REINFORCE trains the strategist alone, without supervised fine-tuning first. Rounds of self-play collect the next episodes with the newest strategist. Social dialogue in SOTOPIA, shopping in WebShop, household tasks in ALFWorld.',
  commands: [],
};
