import { callTensor, callTensors, dispose, keep, noGrad, type Tensor } from '../tensor/index.ts';
import type { KeyValueCache } from './key-value-cache.ts';
import { hasRotationTable, rotationTable } from './rotary.ts';
import type { LayerWeights, Model } from './weights.ts';

/** The tokens of one decode step. */
export interface DecodeInputs {
  /** One token per row. [B, 1], int64 */
  readonly tokens: Tensor;
  /** Holds the tokens before these; gains these. */
  readonly cache: KeyValueCache;
  /** The first cached token that each row sees, where rows are padded on the left. [B], int64 */
  readonly starts?: Tensor | undefined;
}

/** The tokens of one step of rows that go on from shared prompts. */
export interface BranchInputs {
  /** One token per row. [R, 1], int64 */
  readonly tokens: Tensor;
  /** The prompts' tokens; [P] rows. Stays as it is. */
  readonly prompts: KeyValueCache;
  /** The first token of each prompt, where prompts are padded on the left. [P], int64 */
  readonly starts?: Tensor | undefined;
  /** Which prompt each row goes on from; rows of one prompt stand side by side. [R], int64 */
  readonly owners: Tensor;
  /** Holds each row's tokens after its prompt; gains these. */
  readonly branches: KeyValueCache;
}

/** What a step ends with: a score for every token of the vocabulary, or the state that all of them are products of. */
export type StepOutput = 'logits' | 'states';

const projectionsOf = ({ queryKeyValue, output, gateUp, down }: LayerWeights) => [
  queryKeyValue,
  output,
  gateUp,
  down,
];

const pack = (matrices: readonly Tensor[]): Tensor[] =>
  noGrad(() => callTensors('laurel::pack_linears', matrices).map(keep));

const PLACEMENT = { dtype: 'float32', device: 'cpu' } as const;

/**
 * A model that reads one token per row at a time, its matrices laid out once for many steps: the same function as
 * `hiddenStates` and `logits`, several times faster for few rows. The layout is a copy, that of the output matrix from
 * the first step that asks for logits, so it sees no later change of the matrices. A row's scores do not depend on the
 * rows beside it. Dispose it.
 */
export class PackedDecoder {
  readonly #model: Model;
  /** Four matrices of each layer. */
  readonly #layers: readonly Tensor[];
  /** The output matrix, once logits have been asked for. */
  #head: Tensor | undefined;
  readonly #biases: readonly (Tensor | null)[];
  readonly #norms: readonly Tensor[];
  readonly #headNorms: readonly (Tensor | null)[];

  /** Whether a model can be laid out: float32 on the CPU, without adapters, its angles known beforehand. */
  static fits({ weights, adapters, config }: Model): boolean {
    const { dtype, device } = weights.embedTokens;
    const isPlain = dtype === 'float32' && device === 'cpu' && adapters === undefined;
    return isPlain && hasRotationTable(config);
  }

  constructor(model: Model) {
    const { weights } = model;
    const { layers } = weights;
    const projections = layers.flatMap(projectionsOf);
    this.#model = model;
    this.#layers = pack(projections.map(({ weight }) => weight));
    this.#biases = projections.map(({ bias }) => bias);
    const layerNorms = layers.map((layer) => [layer.inputNorm, layer.postAttentionNorm]);
    this.#norms = [...layerNorms.flat(), weights.norm];
    this.#headNorms = layers.flatMap(({ queryNorm, keyNorm }) => [queryNorm, keyNorm]);
  }

  /** What a step multiplies by. */
  #matrices(output: StepOutput): readonly Tensor[] {
    if (output === 'states') return this.#layers;
    const { head, embedTokens } = this.#model.weights;
    this.#head ??= pack([head ?? embedTokens])[0]!;
    return [...this.#layers, this.#head];
  }

  /** @returns logits of the next tokens. [B, V] */
  next({ tokens, cache, starts }: DecodeInputs): Tensor {
    const { weights, config } = this.#model;
    const { length } = cache;
    cache.assertRoom(tokens.shape[0]!, 1);
    const { cos, signedSin } = rotationTable(config, length + 1, PLACEMENT);
    const scores = callTensor(
      'laurel::decode_step',
      ...[tokens, weights.embedTokens, cos, signedSin, starts ?? null, length],
      ...[this.#norms, this.#matrices('logits'), this.#biases, this.#headNorms, cache.stored()],
      config.rmsNormEps,
    );
    cache.advance(1);
    return scores;
  }

  /**
   * As `next`, with the keys and values of a prompt held once for all rows that go on from it.
   * @returns logits of the next tokens [R, V], or the normed states [R, C] whose products with the head they are.
   */
  nextOfBranches(
    { tokens, prompts, starts, owners, branches }: BranchInputs,
    output: StepOutput = 'logits',
  ): Tensor {
    const { weights, config } = this.#model;
    branches.assertRoom(tokens.shape[0]!, 1);
    const places = prompts.length + branches.length + 1;
    const { cos, signedSin } = rotationTable(config, places, PLACEMENT);
    const found = callTensor(
      'laurel::branch_step',
      ...[tokens, weights.embedTokens, cos, signedSin, owners, starts ?? null],
      ...[prompts.length, branches.length],
      ...[this.#norms, this.#matrices(output), this.#biases, this.#headNorms],
      ...[prompts.stored(), branches.stored(), config.rmsNormEps],
    );
    branches.advance(1);
    return found;
  }

  [Symbol.dispose](): void {
    dispose(...this.#layers);
    if (this.#head !== undefined) dispose(this.#head);
  }
}
