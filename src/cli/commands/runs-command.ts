import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../../errors.ts';
import { isRunFolder, listRuns, type RunSummary, readRun } from '../../runs/index.ts';
import type { Command } from '../command.ts';
import { describeNumbers } from '../dry-run.ts';

const help = `laurel runs [list] [--root FOLDER]   every run below a folder, newest first (default: runs)
laurel runs show RUN                 one run: attempts, checkpoints, its last metrics
`;

const shown = ['reward', 'eval_reward', 'eval_accuracy', 'loss', 'eval_loss'] as const;

const number = (value: number): string =>
  Math.abs(value) >= 1e-3 || value === 0 ? value.toFixed(3) : value.toExponential(1);

function place({ step, record: { totalSteps } }: RunSummary): string {
  return totalSteps === null ? String(step) : `${step}/${totalSteps}`;
}

function lastMetrics({ latest }: RunSummary): string {
  const known = shown.flatMap((key) => {
    const value = latest[key];
    return value === undefined ? [] : [`${key} ${number(value)}`];
  });
  return known.join('  ');
}

function listing(runs: readonly RunSummary[]): string {
  const rows = runs.map((run) => [
    run.record.name,
    run.record.trainer,
    run.status,
    place(run),
    lastMetrics(run),
  ]);
  const titled = [['run', 'trainer', 'status', 'step', 'last metrics'], ...rows];
  const widths = titled[0]!.map((_, column) =>
    Math.max(...titled.map((row) => row[column]!.length)),
  );
  return titled
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function details(run: RunSummary): string {
  const { record } = run;
  const attempts = record.attempts.map(
    ({ startedAt, fromStep, outcome, reason, gitRevision }, i): [string, string] => [
      `attempt ${i + 1}`,
      [
        startedAt,
        `from step ${fromStep}`,
        outcome ?? run.status,
        reason,
        gitRevision?.commit.slice(0, 12),
      ]
        .filter(Boolean)
        .join(', '),
    ],
  );
  const metrics = Object.entries(run.latest).map(([key, value]): [string, string] => [
    key,
    number(value as number),
  ]);
  return describeNumbers([
    ['run', run.folder],
    ['trainer', record.trainer],
    ['status', run.status],
    ['step', place(run)],
    ['seed', record.seed],
    ...attempts,
    ['checkpoints', run.checkpoints.join(', ') || 'none'],
    ...metrics,
  ]);
}

function find(name: string, root: string): RunSummary {
  const folder = [name, join(root, name)].find((path) => existsSync(path) && isRunFolder(path));
  if (folder !== undefined) return readRun(folder);
  const names = listRuns(root).map(({ record }) => record.name);
  throw new ConfigError(
    `no run ${JSON.stringify(name)}; ${root} has ${names.join(', ') || 'none'}`,
  );
}

/** Takes `--root FOLDER` or `--root=FOLDER` out of the words. */
function takeRoot(argv: readonly string[]): { root: string; words: readonly string[] } {
  const at = argv.findIndex((word) => word === '--root' || word.startsWith('--root='));
  if (at < 0) return { root: 'runs', words: argv };
  const inline = argv[at] === '--root' ? undefined : argv[at]!.slice('--root='.length);
  const root = inline ?? argv[at + 1];
  if (!root) throw new ConfigError('--root: expected a folder');
  return {
    root,
    words: [...argv.slice(0, at), ...argv.slice(at + (inline === undefined ? 2 : 1))],
  };
}

/** `laurel runs` */
export const runsCommand: Command = {
  async run(argv) {
    const { root, words } = takeRoot(argv);
    const [verb = 'list', name] = words;
    if (verb === '--help' || verb === '-h') process.stdout.write(help);
    else if (verb === 'list') {
      const runs = listRuns(root);
      process.stdout.write(runs.length === 0 ? `${root} holds no runs.\n` : `${listing(runs)}\n`);
    } else if (verb === 'show' && name !== undefined)
      process.stdout.write(details(find(name, root)));
    else
      throw new ConfigError(
        `laurel runs ${words.join(' ')}: expected list, or show and a run\n${help}`,
      );
    return 0;
  },
};
