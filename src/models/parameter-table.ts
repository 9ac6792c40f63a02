import type { ModelConfig } from './model-config.ts';

/** How a parameter is drawn in a fresh model. */
export type ParameterKind = 'matrix' | 'bias' | 'norm';

/** One parameter: Hugging Face's name, and its shape. */
export interface ParameterEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly kind: ParameterKind;
}

/** The projections of a layer that have a matrix and perhaps a bias. */
export interface ProjectionEntry {
  readonly weight: ParameterEntry;
  readonly bias: ParameterEntry | null;
}

/** The projections of a layer, in the order of the forward pass. */
export const projectionNames = ['query', 'key', 'value', 'output', 'gate', 'up', 'down'] as const;

export type ProjectionName = (typeof projectionNames)[number];

export interface LayerEntries {
  readonly inputNorm: ParameterEntry;
  readonly query: ProjectionEntry;
  readonly key: ProjectionEntry;
  readonly value: ProjectionEntry;
  readonly queryNorm: ParameterEntry | null;
  readonly keyNorm: ParameterEntry | null;
  readonly output: ProjectionEntry;
  readonly postAttentionNorm: ParameterEntry;
  readonly gate: ProjectionEntry;
  readonly up: ProjectionEntry;
  readonly down: ProjectionEntry;
}

/** Every parameter of an architecture, in the tree's shape. */
export interface ParameterTable {
  readonly embedTokens: ParameterEntry;
  readonly layers: readonly LayerEntries[];
  readonly norm: ParameterEntry;
  /** Of the logits, or of the score; null where the embedding is the output matrix too. */
  readonly head: ParameterEntry | null;
}

function projection(name: string, out: number, width: number, hasBias: boolean): ProjectionEntry {
  return {
    weight: { name: `${name}.weight`, shape: [out, width], kind: 'matrix' },
    bias: hasBias ? { name: `${name}.bias`, shape: [out], kind: 'bias' } : null,
  };
}

const norm = (name: string, width: number): ParameterEntry => ({
  name: `${name}.weight`,
  shape: [width],
  kind: 'norm',
});

function layerEntries(config: ModelConfig, index: number): LayerEntries {
  const { hiddenSize, intermediateSize, headDim, queryKeyValueBias, mlpBias } = config;
  const queries = config.numAttentionHeads * headDim;
  const keys = config.numKeyValueHeads * headDim;
  const attention = `model.layers.${index}.self_attn`;
  const mlp = `model.layers.${index}.mlp`;
  const headNorm = (name: string) => (config.queryKeyNorm ? norm(name, headDim) : null);
  return {
    inputNorm: norm(`model.layers.${index}.input_layernorm`, hiddenSize),
    query: projection(`${attention}.q_proj`, queries, hiddenSize, queryKeyValueBias),
    key: projection(`${attention}.k_proj`, keys, hiddenSize, queryKeyValueBias),
    value: projection(`${attention}.v_proj`, keys, hiddenSize, queryKeyValueBias),
    queryNorm: headNorm(`${attention}.q_norm`),
    keyNorm: headNorm(`${attention}.k_norm`),
    output: projection(`${attention}.o_proj`, hiddenSize, queries, config.outputBias),
    postAttentionNorm: norm(`model.layers.${index}.post_attention_layernorm`, hiddenSize),
    gate: projection(`${mlp}.gate_proj`, intermediateSize, hiddenSize, mlpBias),
    up: projection(`${mlp}.up_proj`, intermediateSize, hiddenSize, mlpBias),
    down: projection(`${mlp}.down_proj`, hiddenSize, intermediateSize, mlpBias),
  };
}

/** A projection's module, as PyTorch names it: `model.layers.0.self_attn.q_proj`. */
export const moduleName = ({ weight }: ProjectionEntry): string =>
  weight.name.slice(0, -'.weight'.length);

/** The matrix that scores a text. [1, C] */
export const scoreEntry = ({ hiddenSize }: ModelConfig): ParameterEntry => ({
  name: 'score.weight',
  shape: [1, hiddenSize],
  kind: 'matrix',
});

/** The one place that knows which parameters an architecture has, their names and shapes. */
export function parameterTable(config: ModelConfig): ParameterTable {
  const { vocabSize, hiddenSize, numHiddenLayers, output, tieWordEmbeddings } = config;
  const vocabulary = (name: string): ParameterEntry => ({
    name,
    shape: [vocabSize, hiddenSize],
    kind: 'matrix',
  });
  return {
    embedTokens: vocabulary('model.embed_tokens.weight'),
    layers: Array.from({ length: numHiddenLayers }, (_, index) => layerEntries(config, index)),
    norm: norm('model.norm', hiddenSize),
    head:
      output === 'score'
        ? scoreEntry(config)
        : tieWordEmbeddings
          ? null
          : vocabulary('lm_head.weight'),
  };
}

const isEntry = (value: object): value is ParameterEntry => 'kind' in value;

function collect(value: object | null, into: ParameterEntry[]): ParameterEntry[] {
  if (value === null) return into;
  if (isEntry(value)) into.push(value);
  else for (const child of Object.values(value)) collect(child as object | null, into);
  return into;
}

/** The table as a list, in the order of the tree. */
export const parameterEntries = (table: ParameterTable): ParameterEntry[] => collect(table, []);
