import type { Paper } from '../paper.ts';

export const rere: Paper = {
  name: 'rere',
  shortName: 'ReRe',
  title: 'Reinforced Preference Optimization for Recommendation',
  authors: [
    'Junfei Tan',
    'Yuxin Chen',
    'An Zhang',
    'Junguang Jiang',
    'Bin Liu',
    'Ziru Xu',
    'Han Zhu',
    'Jian Xu',
    'Bo Zheng',
    'Xiang Wang',
  ],
  date: '2025-10-14',
  arxivId: '2510.12211',
  claim:
    'A language model that recommends items ranks better when GRPO’s groups come from a beam search confined to real items, and wrong items that it ranks high cost more than those it ranks low.',
  summary:
    'Sampling titles freely wastes completions: most are duplicates or no item at all, and a reward of right or wrong leaves nearly all of them equal. Here a trie of item titles constrains the decoding, a beam search makes every completion of a group a different item, and a ranking reward grades the wrong ones by their place. Compared with classic and language-model recommenders on Amazon Toys, Amazon Industrial and Yelp, by hit ratio and NDCG.',
  commands: [
    {
      command: 'npx laurel reproduce rere',
      does: 'The study: computes the runs that are missing, then writes findings, tables and plots.',
    },
    {
      command: 'npx laurel reproduce rere --quick',
      does: 'The whole study at a small size: shows that it runs; its numbers mean nothing.',
    },
    {
      command: 'npx laurel recommend train data --config recipes/rere/supervised-small.yaml',
      does: 'The supervised start, on semantic ids, for two cores.',
    },
    {
      command: 'npx laurel recommend train data --config recipes/rere/rere-small.yaml',
      does: 'ReRe from that start: beam search among the items, ranking reward, GRPO.',
    },
    {
      command: 'npx laurel recommend train data --config recipes/rere/rere-new-small.yaml',
      does: 'The same on questions that the start has not learned, which is where it gains.',
    },
    {
      command: 'npx laurel recommend train data --config recipes/rere/sdpo-small.yaml',
      does: 'S-DPO from that start, a baseline: what users took over random items.',
    },
    {
      command: 'npx laurel recommend train data --method sasrec --out recommenders/sasrec',
      does: 'SASRec with cross-entropy over all items, a baseline without a language model.',
    },
    {
      command: 'npx laurel recommend train data --config recipes/rere/collaborative-small.yaml',
      does: 'The collaborative reward from that start: items that this SASRec scores high.',
    },
    {
      command:
        'npx laurel recommend evaluate recommenders/supervised recommenders/sdpo recommenders/rere recommenders/sasrec --data data',
      does: 'HR@K and NDCG@K of all of them and of popularity in one table.',
    },
    {
      command: 'npx laurel recommend train data --config recipes/rere/rere-qwen2-0.5b.yaml',
      does: 'The paper’s configuration, with titles, for a GPU.',
    },
  ],
};
