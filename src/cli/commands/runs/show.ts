import { join } from 'node:path';
import { listCheckpoints } from '../../../checkpoints/index.ts';
import type { RunStore, StoredRun } from '../../../runs/index.ts';
import { describeNumbers } from '../../dry-run.ts';
import { place, shortNumber, stateOf } from './table.ts';
import { reading, verb, verbConfig } from './verb.ts';

const config = verbConfig('show', 'One run: attempts, checkpoints, alarms, its last metrics.', {});

type Rows = (readonly [string, string | number])[];

/** A run's attempts, each in a line. */
function attemptsOf(store: RunStore, { id, state }: StoredRun): Rows {
  return store
    .attempts(id)
    .map(({ startedAt, fromStep, outcome, reason, gitRevision }, i) => [
      `attempt ${i + 1}`,
      [
        startedAt,
        `from step ${fromStep}`,
        outcome ?? (state === 'running' ? 'running' : 'killed'),
        reason,
        gitRevision?.commit.slice(0, 12),
      ]
        .filter(Boolean)
        .join(', '),
    ]);
}

const eventsOf = (store: RunStore, { id }: StoredRun): Rows =>
  store
    .events(id)
    .flatMap(
      ({ kind, step, name, message }): Rows =>
        kind === 'alarm' || kind === 'warning'
          ? [[kind, `step ${step}: ${name === '' ? '' : `${name}: `}${message}`]]
          : [],
    );

/** What was written on it, and where it comes from, as far as there is anything. */
const origins = ({ tags, notes, parent, paper, recipe }: StoredRun): Rows =>
  Object.entries({ tags: tags.join(', '), notes, parent, paper, recipe }).flatMap(
    ([name, value]): Rows => (value ? [[name, value.replaceAll('\n', '\n  ')]] : []),
  );

function details(store: RunStore, run: StoredRun): string {
  const { folder, trainer, seed, name, latest } = run;
  const checkpoints = listCheckpoints(join(folder, 'checkpoints')).map(({ step }) => step);
  return describeNumbers([
    ['run', folder],
    ...(folder.endsWith(`/${name}`) ? [] : [['name', name] as const]),
    ['trainer', trainer],
    ['status', stateOf(run)],
    ['step', place(run)],
    ['seed', String(seed)],
    ...origins(run),
    ...attemptsOf(store, run),
    ['checkpoints', checkpoints.join(', ') || 'none'],
    ...eventsOf(store, run),
    ...Object.entries(latest).map(
      ([key, value]) => [key, value === null ? 'none' : shortNumber(value)] as const,
    ),
  ]);
}

/** `laurel runs show` */
export const showVerb = verb({
  config,
  usage: 'show RUN',
  words: [1, 1],
  run: ({ root }, [name]) => reading(root, (store) => details(store, store.get(name!))),
});
