// What a run needs of memory, from the shapes of its model and batches; docs/memory.md has each term. An estimate for
// the CPU, made before the run: it counts what is alive when most is.
import { type Model, parameters, trainableParameters } from '../models/index.ts';
import type { Trainee } from '../policy/index.ts';
import { dtypeBytes, tensorMemory } from '../tensor/index.ts';
import {
  FLOAT32,
  type MemoryPlan,
  numbersIn,
  samplingBytes,
  sizesOf,
  trainingBytes,
} from './memory-terms.ts';

/** Bytes, by what they are for. */
export interface MemoryEstimate {
  /** Node, libtorch, code and data that are there already, and what they grow by. */
  readonly process: number;
  readonly weights: number;
  readonly reference: number;
  readonly optimiser: number;
  /** Gradients and activations when they are most, above weights and optimiser. */
  readonly training: number;
  /** Caches, logits and copies of matrices while sampling, above weights and optimiser. */
  readonly sampling: number;
  /** What the allocator keeps of freed tensors. */
  readonly kept: number;
  /** The whole process at its largest. */
  readonly total: number;
}

/** The collector's heap, BLAS's buffers and code that is not yet loaded when a dry run looks. */
const PROCESS_GROWTH = 15e6;
/** As native/memory.cc. */
const MOST_KEPT = 2 ** 26;

/** What the process occupies besides large tensors. */
function processBytes(): number {
  const { live, cached } = tensorMemory();
  return process.memoryUsage.rss() - live - cached + PROCESS_GROWTH;
}

/** Estimates the most resident memory of a run on the CPU. */
export function estimateMemory(
  { model }: Pick<Trainee, 'model'>,
  plan: MemoryPlan,
): MemoryEstimate {
  const { bytes, adapted } = sizesOf(model);
  const all = numbersIn(parameters(model));
  const trained = numbersIn(trainableParameters(model));
  const weights = all * bytes + (adapted ? trained * dtypeBytes(adapterDtype(model)) : 0);
  const reference = plan.hasReference && !adapted ? all * bytes : 0;
  const optimiser = trained * (2 * FLOAT32 + (bytes < FLOAT32 && !adapted ? FLOAT32 : 0));
  const training = trainingBytes(model, plan);
  const sampling = samplingBytes(model, plan.sampling);
  const tensors = weights + reference + optimiser + Math.max(training, sampling);
  const kept = Math.min(tensors / 8, MOST_KEPT);
  const own = processBytes();
  const total = own + tensors + kept;
  return { process: own, weights, reference, optimiser, training, sampling, kept, total };
}

const adapterDtype = ({ adapters }: Model) =>
  Object.values(adapters?.layers[0] ?? {})[0]?.loraA.dtype ?? 'float32';

const show = (bytes: number): string =>
  bytes < 1e9 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;

/** The estimate as rows of a dry run's table. */
export function describeMemory(
  policy: Pick<Trainee, 'model'>,
  plan: MemoryPlan,
): [string, string][] {
  const { total, ...terms } = estimateMemory(policy, plan);
  const names: [keyof typeof terms, string][] = [
    ['process', 'process'],
    ['weights', 'weights'],
    ['reference', 'reference'],
    ['optimiser', 'optimiser'],
    ['training', 'gradients and activations'],
    ['sampling', 'or, while sampling'],
    ['kept', 'kept of freed tensors'],
  ];
  const parts = names.filter(([term]) => terms[term] > 0);
  return [
    ['memory, at most', `about ${show(total)}`],
    ...parts.map(([term, name]): [string, string] => [`  ${name}`, show(terms[term])]),
  ];
}
