import { formatDuration } from '../../metrics/index.ts';
import type { DigestContent, DigestRun, Figure } from '../digest-content.ts';

/** How a run is called by its state, in prose. */
const stateWords = { finished: 'finished', failed: 'failed', interrupted: 'interrupted' } as const;

/** `2 runs finished, 1 failed` */
export function summarizeStates({ runs }: DigestContent): string {
  const parts = Object.values(stateWords).flatMap((word) => {
    const count = runs.filter(({ state }) => stateWords[state] === word).length;
    return count === 0 ? [] : [{ word, count }];
  });
  return parts
    .map(({ word, count }, at) =>
      at === 0 ? `${count} ${count === 1 ? 'run' : 'runs'} ${word}` : `${count} ${word}`,
    )
    .join(', ');
}

/** `0.731`, `1.2e-5` */
export const formatNumber = (value: number): string => {
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2);
  return String(Number(value.toPrecision(4)));
};

/** `28 Nov 2026, 14:05 UTC` */
export function formatTime(iso: string): string {
  const [, year, month, day, time] = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}:\d{2})/.exec(iso) ?? [];
  const names = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
  return year === undefined
    ? iso
    : `${Number(day)} ${names[Number(month) - 1]} ${year}, ${time} UTC`;
}

/** `GRPO, step 200 of 200, seed 1, 12 min of training, ended 28 Nov 2026, 14:05 UTC` */
export function describeRun(run: DigestRun): string {
  const { trainer, step, totalSteps, seed, trainingSeconds, endedAt, paper } = run;
  return [
    trainer,
    ...(paper === null ? [] : [`paper ${paper}`]),
    totalSteps === null ? `step ${step}` : `step ${step} of ${totalSteps}`,
    `seed ${seed}`,
    ...(trainingSeconds === null ? [] : [`${formatDuration(trainingSeconds)} of training`]),
    `ended ${formatTime(endedAt)}`,
  ].join(', ');
}

/** Numbers of a figure as words, in the order of the table's columns. */
export const figureCells = ({ key, first, last, best, bestStep }: Figure): readonly string[] => [
  key,
  formatNumber(first),
  formatNumber(last),
  `${formatNumber(best)} at step ${bestStep}`,
];

/** Said where a message may have arrived before. */
export const repeatNotice =
  'You may have this digest already: its first sending ended before the mail server’s answer was recorded.';
