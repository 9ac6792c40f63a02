import { ConfigError } from '../errors.ts';
import type { Policy } from '../policy/index.ts';

/** @throws ConfigError where a reference should move that is only the model below the policy's adapters. */
export function assertReferenceMoves({ model }: Policy, isMoving: boolean): void {
  if (!isMoving || model.adapters === undefined) return;
  throw new ConfigError(
    'sync_ref_model: with adapters the reference is the model below them, which does not move; set sync_ref_model to false, or train all weights',
  );
}
