// The engine's work that is timed: training steps and sampling of a decoder of a given shape.
import type { TrainSequence } from '../dist/batches/index.js';
import { supervisedLoss } from '../dist/losses/index.js';
import { hiddenStates, logits, parameters } from '../dist/models/index.js';
import { adamW, decayGroups } from '../dist/optim/index.js';
import { Policy, resolveSampling, sampleCompletions, update } from '../dist/policy/index.js';
import { callTensor, Generator, tidy, tokenTensor } from '../dist/tensor/index.js';
import { byteTokenizer, charTokenizer, type Tokenizer } from '../dist/tokenizers/index.js';
import type { Shape } from './shapes.ts';

export type Family = 'llama' | 'qwen2';

const LONGEST = 1024;

/** Up to so many symbols are given a character each. */
const MOST_CHARACTERS = 20_000;

/** A tokenizer for a vocabulary of which no token ends a text: every row is as long as PyTorch's. */
function endlessTokenizer(vocabulary: number): Tokenizer {
  const letters = Array.from({ length: vocabulary - 2 }, (_, i) =>
    String.fromCodePoint(0x4e00 + i),
  );
  const symbols = vocabulary > MOST_CHARACTERS ? byteTokenizer() : charTokenizer(letters.join(''));
  return { ...symbols, vocabSize: vocabulary, eosTokenId: -1 };
}

/** Where a model lives and in what precision. */
export interface Placement {
  readonly device?: string;
  readonly dtype?: 'float32' | 'bfloat16';
}

/** A policy with random weights that never ends a text. */
function endlessPolicy(shape: Shape, family: Family, placement: Placement): Policy {
  const tokenizer = endlessTokenizer(shape.vocabulary);
  const { model } = Policy.create(
    {
      modelType: family,
      hiddenSize: shape.width,
      intermediateSize: shape.inner,
      numHiddenLayers: shape.layers,
      numAttentionHeads: shape.heads,
      numKeyValueHeads: shape.keyHeads ?? shape.heads,
      maxPositionEmbeddings: Math.max(LONGEST, shape.trainTokens + 1),
      tieWordEmbeddings: shape.isTied ?? false,
    },
    { ...tokenizer, eosTokenId: 0 },
    placement,
  );
  return new Policy({ ...model, config: { ...model.config, eosTokenIds: [] } }, tokenizer);
}

/** One model and everything that is timed on it. */
export class Workload {
  readonly policy: Policy;
  readonly #shape: Shape;
  readonly #device: string;
  readonly #optimizer: ReturnType<typeof adamW>;
  readonly #generator = new Generator(0);
  readonly #texts: number[][];
  readonly #sequences: TrainSequence[];

  constructor(shape: Shape, family: Family = 'llama', placement: Placement = {}) {
    this.#shape = shape;
    this.#device = placement.device ?? 'cpu';
    this.policy = endlessPolicy(shape, family, placement);
    this.#optimizer = adamW(decayGroups(parameters(this.policy.model), 0.01));
    const { trainRows, trainTokens, vocabulary } = shape;
    this.#texts = Array.from({ length: trainRows }, (_, row) =>
      Array.from({ length: trainTokens + 1 }, (_, t) => (row * 7919 + t * 104_729) % vocabulary),
    );
    this.#sequences = this.#texts.map((tokens) => ({
      tokens,
      promptLength: 1,
      completionMask: Array<number>(trainTokens).fill(1),
    }));
  }

  get parameters(): number {
    return [...parameters(this.policy.model).values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** The step as PyTorch's side writes it: forward, cross-entropy, backward, AdamW. */
  step(): number {
    const { trainRows, trainTokens, vocabulary } = this.#shape;
    const { model } = this.policy;
    const loss = tidy(() => {
      const inputs = this.#texts.flatMap((text) => text.slice(0, -1));
      const targets = this.#texts.flatMap((text) => text.slice(1));
      const tokens = tokenTensor(inputs, [trainRows, trainTokens], this.#device);
      const hidden = hiddenStates(model, { tokens });
      const scores = logits(model, hidden).view([-1, vocabulary]);
      const wanted = tokenTensor(targets, [targets.length], this.#device);
      const mean = callTensor('aten::cross_entropy_loss', scores, wanted);
      mean.backward();
      this.#optimizer.collectGradients();
      return mean.item();
    });
    this.#optimizer.step(1e-3);
    this.#optimizer.zeroGradients();
    return loss;
  }

  /** Waits for the device to have done what it was given. */
  finish(): void {
    tidy(() => this.policy.model.weights.norm.sum().item());
  }

  /** The step that the supervised trainer makes: with packing, clipping and its metrics besides. */
  async update(): Promise<void> {
    const learner = { policy: this.policy, optimizer: this.#optimizer, maxGradNorm: 1 };
    await update(learner, [this.#sequences], {
      loss: ({ logprobs, entropy, isArgmax }, { completionMask }, totals) =>
        supervisedLoss({ logprobs, completionMask, entropy, isArgmax }, totals),
      learningRate: 1e-3,
      temperature: 1,
      logprobDistribution: 'full',
      entropy: 'detached',
      compareArgmax: true,
    });
  }

  /** Samples the shape's tokens from a prompt of one token in each row. */
  async sample(rows: number): Promise<void> {
    await sampleCompletions({
      ...this.policy,
      prompts: Array.from({ length: rows }, () => [0]),
      groupSize: 1,
      sampling: resolveSampling({ maxCompletionLength: this.#shape.sampleTokens }),
      generator: this.#generator,
    });
  }

  /** Seconds of each of the last `steps` decode steps before the cache holds `length` tokens. */
  async decode(rows: number, length: number, steps: number): Promise<number[]> {
    const times: number[] = [];
    let last: number | undefined;
    await sampleCompletions({
      ...this.policy,
      // One prompt, read once and repeated.
      prompts: [Array.from({ length: length - steps }, (_, t) => t % this.#shape.vocabulary)],
      groupSize: rows,
      sampling: resolveSampling({ maxCompletionLength: steps }),
      generator: this.#generator,
      onTokens: () => {
        const now = performance.now();
        if (last !== undefined) times.push((now - last) / 1000);
        last = now;
      },
    });
    return times;
  }
}
