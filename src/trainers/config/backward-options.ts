import { z } from 'zod';
import { configGroup } from '../../config/index.ts';

/** How the forward and backward pass of an update are computed. */
export const backwardOptions = ({ disableDropout }: { disableDropout: boolean }) =>
  configGroup('Forward and backward pass', {
    gradientCheckpointing: z
      .boolean()
      .nullable()
      .default(null)
      .describe(
        'Compute each layer again in the backward pass: less memory, the same gradients, about a third more time; null: where a micro-batch would need more than 1 GiB.',
      ),
    disableDropout: z
      .boolean()
      .default(disableDropout)
      .describe('Train without dropout: neither hidden_dropout nor lora_dropout acts.'),
    hiddenDropout: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe(
        'Share of the embeddings, and of what each attention and feed-forward block adds to them, zeroed at random in updates; for models trained from scratch on little data.',
      ),
  });
