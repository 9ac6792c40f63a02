import { parameters } from '../models/index.ts';
import type { Policy } from '../policy/index.ts';

/** A table of names and values, aligned. */
export function describeNumbers(rows: readonly (readonly [string, string | number])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  const show = (value: string | number) =>
    typeof value === 'number' ? value.toLocaleString('en-US') : value;
  return `${rows.map(([name, value]) => `${name.padEnd(width)}  ${show(value)}`).join('\n')}\n`;
}

const parameterCount = ({ model }: Policy): number =>
  [...parameters(model).values()].reduce((sum, { size }) => sum + size, 0);

/** What is trained, in numbers. */
export function describeModel(policy: Policy): [string, string | number][] {
  const { config } = policy.model;
  return [
    [
      'model',
      `${config.modelType}, ${config.numHiddenLayers} layers, width ${config.hiddenSize}, vocabulary ${config.vocabSize}`,
    ],
    ['parameters', parameterCount(policy)],
    ['context', config.maxPositionEmbeddings],
  ];
}

export interface BatchShape {
  /** Sequences in a micro-batch. */
  readonly rows: number;
  /** Tokens of the longest. */
  readonly length: number;
}

/** float32 numbers that a layer keeps per token for its backward pass: norms, projections, attention, SwiGLU. */
function numbersPerToken({ model: { config } }: Policy, length: number): number {
  const { hiddenSize, intermediateSize, numAttentionHeads, numKeyValueHeads, headDim } = config;
  const attention = numAttentionHeads * headDim;
  const perLayer =
    7 * hiddenSize +
    4 * (attention + numKeyValueHeads * headDim) +
    5 * intermediateSize +
    2 * numAttentionHeads * length;
  return config.numHiddenLayers * perLayer + 4 * config.vocabSize;
}

const gibibytes = (bytes: number): string =>
  bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(0)} MiB` : `${(bytes / 2 ** 30).toFixed(2)} GiB`;

/** Weights, gradients and AdamW's two moments, and the activations of one micro-batch; an estimate. */
export function estimateMemory(policy: Policy, { rows, length }: BatchShape): string {
  const state = parameterCount(policy) * 4 * 4;
  const activations = rows * length * numbersPerToken(policy, length) * 4;
  return `about ${gibibytes(state + activations)}: weights, gradients and moments ${gibibytes(state)}, activations ${gibibytes(activations)}`;
}
