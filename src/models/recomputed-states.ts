import { dispose, enableGrad, noGrad, type Tensor, tidy } from '../tensor/index.ts';
import {
  decoderLayer,
  embed,
  type ForwardInputs,
  finalNorm,
  hiddenStates,
  type Pass,
  scoped,
  startPass,
} from './forward.ts';
import type { Model } from './weights.ts';

export interface StatesOptions {
  /** Compute every layer again in the backward pass instead of remembering what it made. */
  readonly recompute?: boolean;
}

/** A tensor that backward passes end in, with a gradient of its own. */
const leafOf = (values: Tensor, isTrained: boolean): Tensor =>
  values.detach().requireGrad(isTrained);

/** Backward through one layer, which is computed again: adds to the gradients of its parameters. */
function backwardLayer(
  model: Model,
  index: number,
  pass: Pass,
  input: Tensor,
  gradient: Tensor,
): Tensor | null {
  // The inner scope frees what only the forward pass needed.
  const output = enableGrad(() => tidy(() => decoderLayer(input, model, index, scoped(pass))));
  if (!output.requiresGrad) return null;
  output.backward({ gradient });
  return input.grad;
}

/** Forward without remembering; `inputs[i]` is what layer i reads, the last one what the final norm reads. */
function layerInputs(model: Model, embedded: Tensor, pass: Pass): Tensor[] {
  const inputs = [leafOf(embedded, embedded.requiresGrad)];
  for (const index of model.weights.layers.keys()) {
    const output = noGrad(() =>
      tidy(() => decoderLayer(inputs[index]!, model, index, scoped(pass))),
    );
    inputs.push(output.requireGrad());
  }
  return inputs;
}

/**
 * Runs `work` on the hidden states of tokens [B, T, C], and brings the gradients that `work` sends back to them
 * (`backward`) to the parameters. With `recompute`, only the layers' inputs are remembered, and each layer is computed
 * again when its turn in the backward pass comes: the same gradients, for one more forward pass.
 * Chen et al. 2016, arXiv:1604.06174v2, §4.1.
 * - `work` calls `backward` itself, and at most once through each part of its result.
 * @throws ShapeError when shapes disagree.
 */
export function withHiddenStates<Result>(
  model: Model,
  inputs: ForwardInputs,
  work: (hidden: Tensor) => Result,
  { recompute = false }: StatesOptions = {},
): Result {
  if (!recompute) return work(hiddenStates(model, inputs));
  const pass = startPass(model, inputs);
  const embedded = embed(model, inputs);
  const states = layerInputs(model, embedded, pass);
  const last = states.pop()!;
  const result = work(finalNorm(model, last));
  let gradient = last.grad;
  last.dispose();
  for (const index of [...states.keys()].reverse()) {
    if (gradient === null) break;
    const [input, behind] = [states[index]!, gradient];
    gradient = tidy(() => backwardLayer(model, index, pass, input, behind));
    dispose(input, behind);
  }
  if (gradient !== null && embedded.requiresGrad) embedded.backward({ gradient });
  return result;
}
