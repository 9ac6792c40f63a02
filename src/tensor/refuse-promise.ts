import { EngineError } from '../errors.ts';

/**
 * Scopes and gradient mode end when the callback returns, which for asynchronous work is too early.
 * @throws EngineError when `result` is a promise; how that promise settles is then nobody's concern.
 */
export function refusePromise(operation: string, result: unknown, advice: string): void {
  const then = (result as { then?: unknown } | null | undefined)?.then;
  if (typeof then !== 'function') return;
  Promise.resolve(result).catch(() => undefined);
  throw new EngineError(operation, `the callback returned a promise; ${advice}`);
}
