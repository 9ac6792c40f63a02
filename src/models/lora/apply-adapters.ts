import {
  callTensor,
  cat,
  dtypeCode,
  type Generator,
  linear,
  type Tensor,
  zeros,
} from '../../tensor/index.ts';
import type { LoraAdapter } from './adapters.ts';

/** Zeroes elements at random and scales up the rest; Srivastava et al. 2014, as PyTorch's dropout. */
export interface Dropout {
  /** Share that is zeroed. */
  readonly share: number;
  readonly generator: Generator;
}

const LEVELS = 2 ** 16;

/** How many of the 2¹⁶ values of a random number drop an element. */
const droppedLevels = (share: number): number => Math.round(share * LEVELS);

/**
 * 1 where an element is kept, for a share that is a multiple of 2⁻¹⁶. Each 32-bit number draws two elements: libtorch's
 * own Bernoulli numbers take longer than the product they are for.
 */
function keptElements({ shape, size, device }: Tensor, { share, generator }: Dropout): Tensor {
  const words = zeros([Math.ceil(size / 2)], { dtype: 'int32', device });
  const random = callTensor('aten::random_.from', words, -(2 ** 31), 2 ** 31 - 1, generator);
  const levels = callTensor('aten::view.dtype', random, dtypeCode('int16'));
  return levels
    .narrow(0, 0, size)
    .view(shape)
    .greaterEqual(droppedLevels(share) - LEVELS / 2);
}

/** s · (x Aᵀ) Bᵀ, in the adapter's dtype; with dropout, kept elements of x are scaled by 1 / (1 − share). */
function difference(
  x: Tensor,
  { loraA, loraB, scaling }: LoraAdapter,
  dropout: Dropout | undefined,
): Tensor {
  const wide = x.to({ dtype: loraA.dtype });
  const input = dropout === undefined ? wide : wide.mul(keptElements(wide, dropout));
  const kept = dropout === undefined ? 1 : 1 - droppedLevels(dropout.share) / LEVELS;
  const low = linear(input, loraA).mul(scaling / kept);
  return linear(low, loraB);
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
