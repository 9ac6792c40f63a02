import { readFileSync } from 'node:fs';

/** Sizes of a decoder and of the work done with it. */
export interface Shape {
  readonly vocabulary: number;
  readonly width: number;
  /** Width of the SwiGLU hidden layer. */
  readonly inner: number;
  readonly layers: number;
  readonly heads: number;
  /** Heads of keys and values; as many as `heads` unless given. */
  readonly keyHeads?: number;
  /** The head is the embedding. */
  readonly isTied?: boolean;
  /** Rows and tokens of a training step. */
  readonly trainRows: number;
  readonly trainTokens: number;
  /** Tokens that sampling draws, from a prompt of one. */
  readonly sampleTokens: number;
}

/** The model that every table but the growth table is about. */
export const commonShape = JSON.parse(
  readFileSync(new URL('shape.json', import.meta.url), 'utf8'),
) as Shape;

/** The common model at another width: heads stay 64 wide, the hidden layer 2.75 times the width. */
export const shapeOfWidth = (width: number): Shape => ({
  ...commonShape,
  width,
  inner: width * 2.75,
  heads: width / 64,
});
