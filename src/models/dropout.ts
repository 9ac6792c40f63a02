import { callTensor, dtypeCode, type Generator, type Tensor, zeros } from '../tensor/index.ts';

/** Zeroes elements at random and scales up the rest; Srivastava et al. 2014, as PyTorch's dropout. */
export interface Dropout {
  /** Share that is zeroed. */
  readonly share: number;
  readonly generator: Generator;
}

const LEVELS = 2 ** 16;

/** How many of the 2¹⁶ values of a random number drop an element. */
const droppedLevels = (share: number): number => Math.round(share * LEVELS);

/** The share that is kept, with the share to drop rounded to a multiple of 2⁻¹⁶. */
export const keptShare = ({ share }: Pick<Dropout, 'share'>): number =>
  1 - droppedLevels(share) / LEVELS;

/**
 * 1 where an element is kept, for a share that is a multiple of 2⁻¹⁶. Each 32-bit number draws two elements: libtorch's
 * own Bernoulli numbers take longer than the product they are for.
 */
export function keptElements(
  { shape, size, device }: Tensor,
  { share, generator }: Dropout,
): Tensor {
  const words = zeros([Math.ceil(size / 2)], { dtype: 'int32', device });
  const random = callTensor('aten::random_.from', words, -(2 ** 31), 2 ** 31 - 1, generator);
  const levels = callTensor('aten::view.dtype', random, dtypeCode('int16'));
  return levels
    .narrow(0, 0, size)
    .view(shape)
    .greaterEqual(droppedLevels(share) - LEVELS / 2);
}

/** x with elements dropped and the rest scaled by 1 / (1 − share); x itself where nothing is dropped. */
export function dropout(x: Tensor, dropped: Dropout | undefined): Tensor {
  if (dropped === undefined || dropped.share === 0) return x;
  const kept = keptElements(x, dropped)
    .to({ dtype: x.dtype })
    .mul(1 / keptShare(dropped));
  return x.mul(kept);
}
