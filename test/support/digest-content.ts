import type { DigestContent, DigestRun } from '../../src/digest/digest-content.ts';

const rising = Array.from({ length: 200 }, (_, step): [number, number] => [
  step + 1,
  0.2 + 0.6 * (1 - Math.exp(-step / 60)) + 0.05 * Math.sin(step),
]);

/** A run as a digest tells of it. */
export const digestRun = (part: Partial<DigestRun> = {}): DigestRun => ({
  id: 7,
  name: 'sums-grpo',
  folder: 'runs/sums-grpo',
  trainer: 'grpo',
  paper: null,
  state: 'finished',
  reason: null,
  step: 200,
  totalSteps: 200,
  seed: 1,
  endedAt: '2026-11-28T14:05:00.000Z',
  trainingSeconds: 727,
  figures: [
    { key: 'reward', unit: '1', first: 0.2, last: 0.7783, best: 0.8412, bestStep: 191 },
    { key: 'loss', unit: 'nats', first: 0.0213, last: 0.0001234, best: -0.0041, bestStep: 64 },
  ],
  curve: { key: 'reward', points: rising },
  ...part,
});

/** A digest of three runs: one that finished, one that failed, one whose process vanished. */
export const digestContent = (part: Partial<DigestContent> = {}): DigestContent => ({
  since: '2026-11-27T08:00:00.000Z',
  createdAt: '2026-11-28T16:00:00.000Z',
  place: 'workbench (runs)',
  runs: [
    digestRun(),
    digestRun({
      id: 8,
      name: 'gsm8k-grpo',
      state: 'failed',
      reason: 'the loss is not finite at step 41: logprobs/old has 3 NaN',
      step: 41,
      paper: 'likelihood',
    }),
    digestRun({
      id: 9,
      name: 'a-very-long-name-of-a-run-that-somebody-gave-without-thinking-of-phones-2026-11-28',
      trainer: 'dpo',
      state: 'interrupted',
      reason: 'killed',
      figures: [],
      curve: null,
      trainingSeconds: null,
      totalSteps: null,
    }),
  ],
  ...part,
});
