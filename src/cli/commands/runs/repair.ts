import { RunStore } from '../../../runs/index.ts';
import { assertRoot, verb, verbConfig } from './verb.ts';

const config = verbConfig('repair', 'Rebuild the run database from the run folders.', {});

/** `laurel runs repair` */
export const repairVerb = verb({
  config,
  usage: 'repair',
  words: [0, 0],
  run: ({ root }) => {
    assertRoot(root);
    const { runs, problems, aside } = RunStore.repair(root);
    return [
      ...(aside === undefined ? [] : [`The database was damaged; it is kept as ${aside}.`]),
      ...problems.map((problem) => `Left out: ${problem}`),
      `${root}: ${runs} ${runs === 1 ? 'run' : 'runs'} entered.`,
      '',
    ].join('\n');
  },
});
