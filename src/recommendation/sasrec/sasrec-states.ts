// SASRec's states. Departures from the paper: keys and values are normed as queries are (the published code norms queries
// only), attention has an output projection, and embeddings are not scaled by √C.
import { type Dropout, drop } from '../../models/index.ts';
import { callTensor, embedding, full, linear, type Tensor } from '../../tensor/index.ts';
import type { PackedHistories } from './pack-histories.ts';
import { type SasrecModel, weightOf } from './sasrec-model.ts';

const EPSILON = 1e-8;

interface Pass {
  readonly model: SasrecModel;
  readonly histories: PackedHistories;
  /** −∞ above the diagonal. [T, T] */
  readonly causal: Tensor;
  readonly dropped: Dropout | undefined;
}

function layerNorm(x: Tensor, name: string, model: SasrecModel): Tensor {
  const [weight, bias] = [weightOf(model, `${name}.weight`), weightOf(model, `${name}.bias`)];
  return callTensor('aten::layer_norm', x, weight.shape, weight, bias, EPSILON, false);
}

const project = (x: Tensor, name: string, model: SasrecModel): Tensor =>
  linear(x, weightOf(model, `${name}.weight`), weightOf(model, `${name}.bias`));

/** Queries, keys and values, each [B·H, T, D]. */
function heads(x: Tensor, name: string, { model, histories }: Pass): [Tensor, Tensor, Tensor] {
  const { numHeads, hiddenSize } = model.config;
  const { rows, longest, sources } = histories;
  const width = hiddenSize / numHeads;
  const all = project(x, `${name}.query_key_value`, model)
    .indexSelect(0, sources)
    .view([rows, longest, 3, numHeads, width])
    .permute([2, 0, 3, 1, 4])
    .reshape([3, rows * numHeads, longest, width]);
  return [all.select(0, 0), all.select(0, 1), all.select(0, 2)];
}

/** softmax(q kᵀ / √D) v of each item over itself and those before it. [N, C] → [N, C] */
function attend(x: Tensor, name: string, pass: Pass): Tensor {
  const { numHeads, hiddenSize } = pass.model.config;
  const { rows, longest, slots } = pass.histories;
  const [query, key, value] = heads(x, name, pass);
  const scale = (hiddenSize / numHeads) ** -0.5;
  const scores = callTensor('aten::baddbmm', pass.causal, query, key.transpose(1, 2), 1, scale);
  const mixed = callTensor('aten::bmm', drop(scores.softmax(-1), pass.dropped), value)
    .view([rows, numHeads, longest, hiddenSize / numHeads])
    .transpose(1, 2)
    .reshape([rows * longest, hiddenSize])
    .indexSelect(0, slots);
  return project(mixed, `${name}.output`, pass.model);
}

/** W₂ relu(W₁ x + b₁) + b₂ */
function feedForward(x: Tensor, name: string, { model, dropped }: Pass): Tensor {
  const inner = project(x, `${name}.inner`, model).relu();
  return project(drop(inner, dropped), `${name}.outer`, model);
}

function block(x: Tensor, index: number, pass: Pass): Tensor {
  const name = `blocks.${index}`;
  const { model, dropped } = pass;
  const mixed = attend(layerNorm(x, `${name}.attention_norm`, model), name, pass);
  const attended = x.add(drop(mixed, dropped));
  const fed = feedForward(layerNorm(attended, `${name}.feed_forward_norm`, model), name, pass);
  return attended.add(drop(fed, dropped));
}

function causalBias({ longest }: PackedHistories, { dtype }: Tensor): Tensor {
  return callTensor('aten::triu', full([longest, longest], -Infinity, { dtype }), 1);
}

/**
 * What a model makes of each item of each history, knowing those before it; times the items' embeddings it scores what
 * follows. Kang and McAuley 2018, arXiv:1808.09781, §III, with pre-norm blocks x + drop(f(norm(x))).
 * @param dropped - Leave out to evaluate: nothing is dropped then.
 * @returns [N, C]
 */
export function sasrecStates(
  model: SasrecModel,
  histories: PackedHistories,
  dropped?: Dropout,
): Tensor {
  const items = weightOf(model, 'items');
  const pass = { model, histories, causal: causalBias(histories, items), dropped };
  const places = embedding(weightOf(model, 'positions'), histories.positions);
  let x = drop(embedding(items, histories.items).add(places), dropped);
  for (let index = 0; index < model.config.numLayers; index++) x = block(x, index, pass);
  return layerNorm(x, 'norm', model);
}
