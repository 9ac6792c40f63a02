import { createContext, Script } from 'node:vm';

const script = new Script('work()');

/**
 * Runs synchronous work and cuts it off after a time, even within a regular expression.
 * @throws Error with code ERR_SCRIPT_EXECUTION_TIMEOUT.
 */
export function withinTime<Result>(timeoutMs: number, work: () => Result): Result {
  return script.runInContext(createContext({ work }), { timeout: Math.ceil(timeoutMs) }) as Result;
}
