import { cat, linear, type Tensor, zeros } from '../../tensor/index.ts';
import { type Dropout, drop } from '../dropout.ts';
import type { LoraAdapter } from './adapters.ts';

/** s · (x Aᵀ) Bᵀ, in the adapter's dtype; with dropout, kept elements of x are scaled by 1 / (1 − share). */
function difference(
  x: Tensor,
  { loraA, loraB, scaling }: LoraAdapter,
  dropout: Dropout | undefined,
): Tensor {
  const input = drop(x.to({ dtype: loraA.dtype }), dropout);
  return linear(linear(input, loraA).mul(scaling), loraB);
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
