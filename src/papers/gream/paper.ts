import type { Paper } from '../paper.ts';

export const gream: Paper = {
  name: 'gream',
  shortName: 'GREAM',
  title: 'Generative Reasoning Recommendation via LLMs',
  authors: [
    'Minjie Hong',
    'Zetong Zhou',
    'Zirun Guo',
    'Ziang Zhang',
    'Ruofan Hu',
    'Weinan Gan',
    'Jieming Zhu',
    'Zhou Zhao',
  ],
  date: '2025-10-23',
  arxivId: '2510.20815',
  claim:
    'One language model can recommend the next item both directly and after reasoning in words, if item ids carry meaning, a curriculum teaches it to reason, and reinforcement pays for nearly right ids.',
  summary:
    'Items become short codes by balanced residual k-means over text embeddings, so that similar items share a prefix, and alignment tasks tie the codes to titles and purchase histories. A curriculum then mixes in reasoning that was synthesised with the answer known. The last stage, SRPO, rewards a code by how much of its prefix is right and adds a pass@K bonus to groups with exact hits, against sparse feedback. Two ways to use it: beam search over codes, or reasoning first. Amazon Beauty, Sports and Instruments.',
  commands: [],
};
