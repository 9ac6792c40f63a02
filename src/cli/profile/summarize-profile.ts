import type { Trace } from '../../tensor/index.ts';
import { buildSpanTree, isTypeScript, selfTime, type TreeSpan } from './span-tree.ts';

/** Time of a phase that belongs to no phase inside it. All times are microseconds, over all steps. */
export interface PhaseShare {
  readonly name: string;
  readonly time: number;
  /** Of that, time in which no operator ran: TypeScript, or waiting. */
  readonly gaps: number;
}

/** Calls that go by one name. */
export interface CallShare {
  readonly name: string;
  readonly calls: number;
  /** With what ran inside. */
  readonly time: number;
  /** Without it. */
  readonly self: number;
}

/** Where the time of the profiled steps went. */
export interface ProfileSummary {
  readonly steps: number;
  /** Time in steps. */
  readonly time: number;
  readonly phases: readonly PhaseShare[];
  /** Time of steps outside all phases. */
  readonly outsidePhases: number;
  readonly gaps: number;
  /** Time in which arguments and results crossed from TypeScript and back. */
  readonly crossing: number;
  /** What TypeScript called, longest first. */
  readonly operators: readonly CallShare[];
  /** What libtorch ran, by time not spent in others, longest first. */
  readonly kernels: readonly CallShare[];
  /** The same, a line for each combination of shapes. */
  readonly kernelsByShape: readonly CallShare[];
  /** Phases between steps: checkpoints, evaluations. */
  readonly betweenSteps: readonly CallShare[];
  readonly droppedKernels: number;
}

const lengthOf = ({ start, end }: TreeSpan): number => end - start;

function group(spans: readonly TreeSpan[], nameOf: (span: TreeSpan) => string): CallShare[] {
  const groups = new Map<string, { name: string; calls: number; time: number; self: number }>();
  for (const span of spans) {
    const name = nameOf(span);
    const entry = groups.get(name) ?? { name, calls: 0, time: 0, self: 0 };
    groups.set(name, entry);
    entry.calls++;
    entry.time += lengthOf(span);
    entry.self += selfTime(span);
  }
  return [...groups.values()];
}

const named = ({ event }: TreeSpan): string => event.name;

/** A call may lie between a phase and what it runs: time within it belongs to the phase. */
function phaseShares(spans: readonly TreeSpan[]): PhaseShare[] {
  const shares = new Map<string, { name: string; time: number; gaps: number }>();
  for (const span of spans) {
    if (span.event.thread !== 0 || span.phase === undefined) continue;
    const share = shares.get(span.phase) ?? { name: span.phase, time: 0, gaps: 0 };
    shares.set(span.phase, share);
    const self = selfTime(span);
    share.time += self;
    if (isTypeScript(span)) share.gaps += self;
  }
  return [...shares.values()].sort((a, b) => b.time - a.time);
}

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);

/** Adds a trace of training steps up. */
export function summarizeProfile(trace: Trace): ProfileSummary {
  const spans = buildSpanTree(trace);
  const inSteps = spans.filter((span) => span.isInStep || span.event.thread !== 0);
  const steps = spans.filter(({ event }) => event.kind === 'step');
  const phases = phaseShares(inSteps);
  const of = (...kinds: readonly string[]) =>
    inSteps.filter(({ event }) => kinds.includes(event.kind));
  const time = sum(steps.map(lengthOf));
  const bySelf = (a: CallShare, b: CallShare) => b.self - a.self;
  const shaped = (span: TreeSpan) => `${span.event.name} ${(span.event.shapes ?? []).join(' ')}`;
  const kernels = of('kernel', 'autograd');
  const operators = of('operator', 'bridge');
  return {
    steps: steps.length,
    time,
    phases,
    outsidePhases: time - sum(phases.map((phase) => phase.time)),
    gaps: sum(inSteps.filter(isTypeScript).map(selfTime)),
    crossing: sum(of('operator').map(selfTime)),
    operators: group(operators, named).sort((a, b) => b.time - a.time),
    kernels: group(kernels, named).sort(bySelf),
    kernelsByShape: group(kernels, shaped).sort(bySelf),
    betweenSteps: group(
      spans.filter(
        ({ event, isInStep, parent }) =>
          event.kind === 'phase' && !isInStep && parent === undefined,
      ),
      named,
    ),
    droppedKernels: trace.droppedKernels,
  };
}
