import { callTensor, cat, type Generator, type Tensor, zeros } from '../../tensor/index.ts';
import type { LoraAdapter } from './adapters.ts';

/** Zeroes elements at random and scales up the rest; Srivastava et al. 2014, as PyTorch's dropout. */
export interface Dropout {
  /** Share that is zeroed. */
  readonly share: number;
  readonly generator: Generator;
}

function drop(x: Tensor, { share, generator }: Dropout): Tensor {
  const kept = callTensor('aten::bernoulli.p', x.detach(), 1 - share, generator);
  return x.mul(kept.div(1 - share));
}

/** s · (x Aᵀ) Bᵀ, in the adapter's dtype. [..., in] → [..., out] */
function difference(
  x: Tensor,
  { loraA, loraB, scaling }: LoraAdapter,
  dropout: Dropout | undefined,
): Tensor {
  const wide = x.to({ dtype: loraA.dtype });
  const input = dropout === undefined ? wide : drop(wide, dropout);
  const low = callTensor('aten::linear', input, loraA, null).mul(scaling);
  return callTensor('aten::linear', low, loraB, null);
}

/** One part of a product that several projections share. */
export interface AdaptedPart {
  readonly adapter: LoraAdapter | undefined;
  /** Outputs of the projection. */
  readonly width: number;
}

/**
 * Adds to a product x Wᵀ + b of one or several stacked projections what their adapters make of x.
 * @returns the sum, in the product's dtype. [..., out]
 */
export function addDifferences(
  product: Tensor,
  x: Tensor,
  parts: readonly AdaptedPart[],
  dropout: Dropout | undefined,
): Tensor {
  const first = parts.find(({ adapter }) => adapter !== undefined)?.adapter;
  if (first === undefined) return product;
  const { dtype, device } = first.loraA;
  const found = parts.map(({ adapter, width }) =>
    adapter === undefined
      ? zeros([...x.shape.slice(0, -1), width], { dtype, device })
      : difference(x, adapter, dropout),
  );
  const added = found.length === 1 ? found[0]! : cat(found, -1);
  return product.add(added).to({ dtype: product.dtype });
}
