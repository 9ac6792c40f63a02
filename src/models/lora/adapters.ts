// What a model carries when low-rank matrices are trained in place of its weights. Of PEFT's adapters only LoRA on the
// seven projections of a layer is here: no embeddings or output matrix, no DoRA, no biases, no whole modules beside it.
import type { Tensor } from '../../tensor/index.ts';
import type { ProjectionName } from '../parameter-table.ts';

/**
 * The trained difference of one projection.
 *   y = x Wᵀ + b + s · (x Aᵀ) Bᵀ
 * Hu et al. 2021, arXiv:2106.09685v2, Eq. 3.
 */
export interface LoraAdapter {
  /** A. [r, in] */
  readonly loraA: Tensor;
  /** B; zero at the start. [out, r] */
  readonly loraB: Tensor;
  /** s: α / r, or α / √r. */
  readonly scaling: number;
}

/** The adapters of one layer; a projection that is not adapted is absent. */
export type LayerAdapters = Readonly<Partial<Record<ProjectionName, LoraAdapter>>>;

/** How a model's adapters were made; saved as `adapter_config.json`. */
export interface LoraConfig {
  /** r: rows of A and columns of B. */
  readonly rank: number;
  /** α: the scaling times the rank. */
  readonly alpha: number;
  /** Share of an adapter's inputs set to zero while training. */
  readonly dropout: number;
  /** Ends of module names, or one regular expression for whole names. */
  readonly targetModules: string | readonly string[];
  /** Rank-stabilised: s = α / √r. Kalajdzievski 2023, arXiv:2312.03732. */
  readonly useRslora: boolean;
  /** Folder or Hub name of the weights below. */
  readonly baseModel: string | null;
  /** Further keys of the `adapter_config.json` this was read from. */
  readonly further: Readonly<Record<string, unknown>>;
}

/** Trained matrices beside a frozen model. */
export interface Adapters {
  readonly config: LoraConfig;
  readonly layers: readonly LayerAdapters[];
}

/**
 * s: α / r, or α / √r when rank-stabilised.
 * Hu et al. 2021, arXiv:2106.09685v2, §4.1; Kalajdzievski 2023, arXiv:2312.03732.
 */
export const scalingOf = (rank: number, alpha: number, useRslora: boolean): number =>
  alpha / (useRslora ? Math.sqrt(rank) : rank);

/** Every matrix of a model's adapters, layer by layer. */
export const adapterTensors = ({ layers }: Adapters): Tensor[] =>
  layers.flatMap((layer) => Object.values(layer).flatMap(({ loraA, loraB }) => [loraA, loraB]));
