// npm run fuzz -- [--inputs N] [--target NAME] [--seed N] [--minutes M] [--out FILE] [--findings FOLDER]
// Reads mutated files with every reader, in child processes. Goes on where --out says an earlier run with the same seed
// stopped.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { inputAt, isStructured, targets } from './inputs.ts';
import { type Finding, HANG_MS, runBatch } from './run-batch.ts';
import type { FuzzTarget } from './target.ts';

/** How far a target has come. */
interface Progress {
  inputs: number;
  structured: number;
  accepted: number;
  refused: number;
  slowestMs: number;
  largestGrowthBytes: number;
  findings: Finding[];
}

interface State {
  readonly seed: number;
  readonly targets: Record<string, Progress>;
}

const BATCH = 3000;

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '102000' },
    target: { type: 'string' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '1000' },
    out: { type: 'string', default: 'fuzz.json' },
    findings: { type: 'string', default: 'fuzz-findings' },
  },
});
const seed = Number(values.seed);
const chosen = targets.filter(({ name }) => values.target === undefined || name === values.target);
if (chosen.length === 0) {
  throw new Error(`--target ${values.target}: expected one of ${targets.map(({ name }) => name)}`);
}
const perTarget = Math.ceil(Number(values.inputs) / chosen.length);
const deadline = performance.now() + 60_000 * Number(values.minutes);

function earlierState(): State {
  const fresh: State = { seed, targets: {} };
  if (!existsSync(values.out)) return fresh;
  const saved = JSON.parse(readFileSync(values.out, 'utf8')) as State;
  return saved.seed === seed ? { seed, targets: saved.targets } : fresh;
}

const state = earlierState();
const blank = (): Progress => ({
  inputs: 0,
  structured: 0,
  accepted: 0,
  refused: 0,
  slowestMs: 0,
  largestGrowthBytes: 0,
  findings: [],
});

/** Keeps the input itself, so that it can be looked at and become a test. */
function keep(target: FuzzTarget, { index }: Finding): string {
  mkdirSync(values.findings, { recursive: true });
  const file = join(values.findings, `${seed}-${index}-${target.file}`);
  writeFileSync(file, inputAt(target, seed, index));
  return file;
}

/** Memory is measured again in a process that has read nothing else; garbage of earlier inputs is not the reader's. */
async function confirm(finding: Finding, root: string): Promise<Finding[]> {
  if (finding.kind !== 'memory') return [finding];
  const { target, index } = finding;
  const { findings } = await runBatch({ target, seed, from: index, to: index + 1 }, root);
  return [...findings];
}

async function advance(target: FuzzTarget, progress: Progress, root: string): Promise<void> {
  const from = progress.inputs;
  const to = Math.min(perTarget, from + BATCH);
  const batch = { target: target.name, seed, from, to };
  const { next, findings, summary } = await runBatch(batch, root);
  const confirmed = (await Promise.all(findings.map((finding) => confirm(finding, root)))).flat();
  for (const finding of confirmed) {
    progress.findings.push(finding);
    console.log(`${target.name} ${finding.kind}: ${keep(target, finding)}: ${finding.text}`);
  }
  progress.inputs = next;
  for (let index = from; index < next; index++) if (isStructured(index)) progress.structured++;
  if (summary !== undefined) {
    progress.accepted += summary.accepted;
    progress.refused += summary.inputs - summary.accepted;
    progress.slowestMs = Math.max(progress.slowestMs, summary.slowestMs);
    progress.largestGrowthBytes = Math.max(progress.largestGrowthBytes, summary.largestGrowthBytes);
  }
}

function save(): void {
  const total = Object.values(state.targets).reduce((sum, { inputs }) => sum + inputs, 0);
  const found = Object.values(state.targets).reduce(
    (sum, { findings }) => sum + findings.length,
    0,
  );
  const machine = { node: process.version, cpus: availableParallelism(), hangMs: HANG_MS };
  writeFileSync(
    values.out,
    `${JSON.stringify({ ...state, total, findings: found, machine }, null, 2)}\n`,
  );
}

const root = mkdtempSync(join(tmpdir(), 'laurel-fuzz-'));
try {
  for (const target of chosen) {
    state.targets[target.name] ??= blank();
    const progress = state.targets[target.name]!;
    while (progress.inputs < perTarget && performance.now() < deadline) {
      await advance(target, progress, root);
      save();
    }
    const { inputs, accepted, slowestMs, findings } = progress;
    console.log(
      `${target.name}: ${inputs} inputs, ${accepted} read to the end, slowest ${slowestMs.toFixed(0)} ms, ${findings.length} findings`,
    );
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
process.exitCode = Object.values(state.targets).some(({ findings }) => findings.length > 0) ? 1 : 0;
