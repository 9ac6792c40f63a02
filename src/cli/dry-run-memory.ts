// What a run needs of memory, from the shapes of its model and batches; docs/memory.md has each term. An estimate for
// the CPU, made before the run: it counts what is alive when most is.
import { LOGITS_AT_ONCE, SCORED_AT_ONCE } from '../losses/index.ts';
import { type Model, parameters, recomputesLayers, trainableParameters } from '../models/index.ts';
import type { Policy } from '../policy/index.ts';
import { dtypeBytes, type Tensor, tensorMemory } from '../tensor/index.ts';

/** Prompts read side by side, and the completions drawn of them. */
export interface SamplingPlan {
  readonly prompts: number;
  readonly completions: number;
  readonly promptLength: number;
  readonly completionLength: number;
}

/** What a run holds at one time besides its model. */
export interface MemoryPlan {
  /** B: rows of the largest micro-batch. */
  readonly rows: number;
  /** T: tokens of a row. */
  readonly length: number;
  /** N: tokens of the micro-batch whose log-probabilities are wanted; all unless given. */
  readonly targets?: number;
  /** Whether an update has several micro-batches. */
  readonly accumulates: boolean;
  readonly gradientCheckpointing: boolean | null;
  /** Whether a KL penalty or a preference loss holds the policy to another. */
  readonly hasReference: boolean;
  readonly sampling?: SamplingPlan;
}

/** Bytes, by what they are for. */
export interface MemoryEstimate {
  /** Node, libtorch, code and data that are there already, and what they grow by. */
  readonly process: number;
  readonly weights: number;
  readonly reference: number;
  readonly optimiser: number;
  /** Gradients and activations when they are most, above weights and optimiser. */
  readonly training: number;
  /** Caches and logits while sampling, above weights and optimiser. */
  readonly sampling: number;
  /** What the allocator keeps of freed tensors. */
  readonly kept: number;
  /** The whole process at its largest. */
  readonly total: number;
}

const FLOAT32 = 4;
/** The collector's heap, BLAS's buffers and code that is not yet loaded when a dry run looks. */
const PROCESS_GROWTH = 15e6;
/** As native/memory.cc. */
const MOST_KEPT = 2 ** 26;

const numbersIn = (tensors: ReadonlyMap<string, Tensor>): number =>
  [...tensors.values()].reduce((sum, { size }) => sum + size, 0);

/** Widths that the formulas share. */
function sizesOf({ config, weights, adapters }: Model) {
  const { numAttentionHeads, numKeyValueHeads, headDim } = config;
  return {
    ...config,
    bytes: dtypeBytes(weights.embedTokens.dtype),
    queries: numAttentionHeads * headDim,
    keys: numKeyValueHeads * headDim,
    adapted: adapters?.layers[0],
    dropout: adapters?.config.dropout ?? 0,
    rank: adapters?.config.rank ?? 0,
  };
}

type Sizes = ReturnType<typeof sizesOf>;

/** Softmax weights of attention, in float32 too where the model is not. */
const attentionBytes = ({ bytes, numAttentionHeads }: Sizes, length: number): number =>
  numAttentionHeads * length * (bytes < FLOAT32 ? bytes + FLOAT32 : bytes);

/** What adapters remember of a layer's inputs, numbers per token. */
function adapterNumbers({ adapted, dropout, rank, ...sizes }: Sizes): number {
  const widths = { output: sizes.queries, down: sizes.intermediateSize };
  return Object.keys(adapted ?? {}).reduce((sum, name) => {
    const input = widths[name as keyof typeof widths] ?? sizes.hiddenSize;
    return sum + rank + input * (dropout > 0 ? 2 : 1);
  }, 0);
}

/** Bytes that a layer remembers per token for the backward pass. */
function layerBytes(sizes: Sizes, length: number): number {
  const { hiddenSize, intermediateSize, queries, keys, bytes } = sizes;
  const shared = 2 * hiddenSize + queries + 2 * keys + 2 * intermediateSize;
  const trained = sizes.adapted
    ? adapterNumbers(sizes)
    : 2 * hiddenSize + queries + intermediateSize;
  return (shared + trained) * bytes + widenedBytes(sizes) + attentionBytes(sizes, length);
}

/** In half precision: both norms' inputs and outputs in float32, and the gate's silu beside the gate. */
const widenedBytes = ({ bytes, hiddenSize, intermediateSize }: Sizes): number =>
  bytes < FLOAT32 ? 4 * hiddenSize * FLOAT32 + 2 * intermediateSize * bytes : 0;

/** Query, key and value joined to one matrix, and gate and up; adapters read the stacked weights. */
const joinedBytes = ({ adapted, hiddenSize, queries, keys, intermediateSize, bytes }: Sizes) =>
  adapted ? 0 : (queries + 2 * keys + 2 * intermediateSize) * hiddenSize * bytes;

/** Gradients that flow back through the layer at hand, bytes per token: in SwiGLU, or in attention after it. */
function flowingBytes(sizes: Sizes, length: number): number {
  const { hiddenSize, intermediateSize, bytes } = sizes;
  const inner = 3 * intermediateSize * bytes;
  return 3 * hiddenSize * bytes + Math.max(inner, 2 * attentionBytes(sizes, length) - inner);
}

/** Logits and what scoring makes of them. */
function headBytes({ vocabSize, hiddenSize, bytes }: Sizes, targets: number): number {
  const states = 3 * targets * hiddenSize * bytes;
  const logits = targets * vocabSize;
  if (logits <= SCORED_AT_ONCE) return 6 * logits * FLOAT32 + states;
  return Math.min(logits, LOGITS_AT_ONCE) * bytes + 5 * SCORED_AT_ONCE * FLOAT32 + states;
}

/** Bytes of gradients and activations at the moments when they may be most, for the largest of them. */
function trainingBytes(model: Model, plan: MemoryPlan): number {
  const { rows, length, targets = rows * length } = plan;
  const sizes = sizesOf(model);
  const { hiddenSize, numHiddenLayers: layers, vocabSize, bytes } = sizes;
  const tokens = rows * length;
  const trained = numbersIn(trainableParameters(model));
  const isHalf = bytes < FLOAT32;
  const sums = isHalf ? trained * FLOAT32 : 0;
  const gradients = trained * bytes;
  const earlier = plan.accumulates ? (isHalf ? sums : gradients) : 0;
  const table = sizes.adapted ? 0 : vocabSize * hiddenSize;
  const layer = tokens * layerBytes(sizes, length) + joinedBytes(sizes);
  const input = tokens * hiddenSize * bytes;
  const head = headBytes(sizes, targets) + (plan.accumulates && !isHalf ? 0 : table * FLOAT32);
  const flowing = tokens * flowingBytes(sizes, length) + joinedBytes(sizes);
  const recomputes = plan.gradientCheckpointing ?? recomputesLayers(model, [rows, length]);
  const remembered = 3 * input + (recomputes ? layers * input : layers * layer);
  const inTurn = recomputes ? layer : 0;
  const held = earlier + (isHalf && plan.accumulates ? gradients : 0);
  return Math.max(
    earlier + remembered + head,
    earlier + remembered + inTurn + flowing + (table > 0 ? table * bytes : 0),
    Math.max(held, gradients) + 3 * input + layer + flowing,
    Math.max(held, gradients) + 2 * input + table * bytes,
    isHalf ? sums + gradients : gradients,
  );
}

/** Keys and values of every completion, and the logits that a decode step makes. */
function samplingBytes(model: Model, plan: SamplingPlan | undefined): number {
  if (plan === undefined) return 0;
  const sizes = sizesOf(model);
  const { hiddenSize, intermediateSize, queries, keys, bytes } = sizes;
  const { prompts, completions, promptLength, completionLength } = plan;
  const perRow = (promptLength + completionLength) * 2 * keys * bytes;
  const reading = (6 * hiddenSize + 5 * intermediateSize + 3 * queries) * bytes;
  const prefill = prompts * promptLength * (reading + 2 * attentionBytes(sizes, promptLength));
  const logits = 4 * completions * sizes.vocabSize * FLOAT32;
  const caches = sizes.numHiddenLayers * perRow;
  return Math.max(completions * caches + prompts * perRow + logits, prompts * caches + prefill);
}

/** What the process occupies besides large tensors. */
function processBytes(): number {
  const { live, cached } = tensorMemory();
  return process.memoryUsage.rss() - live - cached + PROCESS_GROWTH;
}

/** Estimates the most resident memory of a run on the CPU. */
export function estimateMemory({ model }: Policy, plan: MemoryPlan): MemoryEstimate {
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
export function describeMemory(policy: Policy, plan: MemoryPlan): [string, string][] {
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
