import type { Paper } from '../paper.ts';

export const grace: Paper = {
  name: 'grace',
  shortName: 'GRACE',
  title: 'GRACE: Generative Representation Learning via Contrastive Policy Optimization',
  authors: [
    'Jiashuo Sun',
    'Shixuan Liu',
    'Zhaochen Su',
    'Xianrui Zhong',
    'Pengcheng Jiang',
    'Bowen Jin',
    'Peiran Li',
    'Weijia Shi',
    'Jiawei Han',
  ],
  date: '2025-10-06',
  arxivId: '2510.04506',
  claim:
    'A language model becomes a better text encoder when contrastive similarity is its reward rather than its loss: it writes a rationale, the rationale is embedded, and it can still generate afterwards.',
  summary:
    'The same model reads a text, writes down what it understands, and pools its hidden states over text and rationale into an embedding. Rewards compare rationales of a positive document with those of the query and of negatives, ask that rationales of one text agree with each other, and penalise closeness to other texts’ positives; advantages are centred within the group. Over four backbones the supervised variant gains 11.5 points on MTEB over the base models, the unsupervised one 6.9, while general abilities stay.',
  commands: [],
};
