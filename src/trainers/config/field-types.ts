import { z } from 'zod';

/** A whole number of steps, or a share of all steps when below 1, as Hugging Face's Trainer reads it. */
export const stepsOrShare = z
  .number()
  .gt(0)
  .refine((value) => value < 1 || Number.isInteger(value), {
    error: ({ input }) =>
      `expected a whole number of steps ≥ 1, or a share of all steps in (0, 1), found ${input}`,
  });

/** A count of at least one. */
export const count = z.int().min(1);

/** A share of a whole. */
export const share = z.number().min(0).max(1);
