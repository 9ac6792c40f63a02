import type { CallShare, ProfileSummary } from './summarize-profile.ts';

/** Rows of each table of calls. */
const SHOWN = 15;
const WIDEST_NAME = 96;

const milliseconds = (microseconds: number): string => (microseconds / 1000).toFixed(2);

type Row = readonly string[];

function table(rows: readonly Row[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      )
      .join('  '),
  );
}

const shorten = (name: string): string =>
  name.length <= WIDEST_NAME ? name : `${name.slice(0, WIDEST_NAME - 1)}…`;

/** The printed form of a profile: everything per step, shares of a step's time. */
export function renderProfile(summary: ProfileSummary): string {
  const { steps, time, phases, gaps, outsidePhases, betweenSteps, droppedKernels } = summary;
  const perStep = (microseconds: number) => milliseconds(microseconds / Math.max(1, steps));
  const share = (microseconds: number) =>
    `${((100 * microseconds) / Math.max(1, time)).toFixed(1)}%`;
  const calls = (shares: readonly CallShare[], key: 'time' | 'self') =>
    shares
      .slice(0, SHOWN)
      .map((call) => [
        shorten(call.name),
        perStep(call[key]),
        share(call[key]),
        (call.calls / Math.max(1, steps)).toFixed(1),
        (call[key] / call.calls).toFixed(1),
      ]);
  const callTable = (title: string, shares: readonly CallShare[], key: 'time' | 'self') =>
    table([[title, 'ms/step', 'share', 'calls/step', 'mean µs'], ...calls(shares, key)]);
  return [
    `${steps} steps, ${perStep(time)} ms each`,
    '',
    ...table([
      ['phase', 'ms/step', 'share', 'of it gaps'],
      ...phases.map((phase) => [
        phase.name,
        perStep(phase.time),
        share(phase.time),
        perStep(phase.gaps),
      ]),
      ['outside phases', perStep(outsidePhases), share(outsidePhases), ''],
      ['gaps in all (no operator runs)', perStep(gaps), share(gaps), ''],
      ['crossing from TypeScript and back', perStep(summary.crossing), share(summary.crossing), ''],
    ]),
    ...betweenSteps.map(
      ({ name, calls: count, time: taken }) =>
        `between steps: ${name}, ${count} × ${milliseconds(taken / count)} ms`,
    ),
    '',
    ...callTable('called from TypeScript', summary.operators, 'time'),
    '',
    ...callTable('run by libtorch, own time', summary.kernels, 'self'),
    '',
    ...callTable('the same, by shape', summary.kernelsByShape, 'self'),
    ...(droppedKernels === 0
      ? []
      : ['', `${droppedKernels} kernels were not recorded: profile fewer steps`]),
    '',
  ].join('\n');
}
