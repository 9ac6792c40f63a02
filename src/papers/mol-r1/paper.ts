import type { Paper } from '../paper.ts';

export const molR1: Paper = {
  name: 'mol-r1',
  shortName: 'Mol-R1',
  title: 'Mol-R1: Towards Explicit Long-CoT Reasoning in Molecule Discovery',
  authors: [
    'Jiatong Li',
    'Weida Wang',
    'Qinggang Zhang',
    'Junxian Li',
    'Di Zhang',
    'Changmeng Zheng',
    'Shufei Zhang',
    'Xiaoyong Wei',
    'Qing Li',
  ],
  date: '2025-08-11',
  arxivId: '2508.08401',
  claim:
    'A model that reasons its way from a caption to a molecule keeps improving when supervision and reinforcement take turns, each round trained on the traces the last one got right, where reinforcement alone levels off.',
  summary:
    'A thousand reasoning traces for the cold start are distilled from a teacher that sees one expert’s example and the true molecule (PRID). Then the loop (MoIA): supervise on the traces, reinforce on captions alone with exact match of the molecule as the reward, sample the improved model and keep the traces that reach the right SMILES. On ChEBI-20, exact match rises from 0.038 after the first supervision to 0.234.',
  commands: [],
};
