import { EngineError } from '../errors.ts';
import { TensorHandle } from './handle.ts';
import { native, wire } from './native.ts';

/** The scopes that are open, outermost first. */
const openScopes: Scope[] = [];

const released = new FinalizationRegistry<{ id: number; bytes: number }>(({ id, bytes }) => {
  wire[0] = id;
  if (native.release(1) > 0) native.adjustMemory(-bytes);
});

/** Hands a tensor that no scope owns to the garbage collector, and tells it what the tensor weighs. */
function leaveToCollector(tensor: TensorHandle): void {
  const bytes = tensor.nbytes;
  native.adjustMemory(bytes);
  released.register(tensor, { id: tensor.id, bytes });
}

/** Records a new tensor with the innermost scope, or with the collector when none is open. */
export function own(tensor: TensorHandle): void {
  const scope = openScopes[openScopes.length - 1];
  if (scope === undefined) leaveToCollector(tensor);
  else scope.add(tensor.id);
}

function releaseAll(ids: readonly number[]): void {
  for (let start = 0; start < ids.length; start += wire.length) {
    const count = Math.min(wire.length, ids.length - start);
    for (let i = 0; i < count; i++) wire[i] = ids[start + i]!;
    native.release(count);
  }
}

/** Owns every tensor created while it is open, and frees them when it closes. It holds handles, not wrappers. */
export class Scope {
  #ids: number[] = [];
  #kept = new Set<number>();
  #open = true;

  constructor() {
    openScopes.push(this);
  }

  /** Called by the engine for each new tensor. */
  add(id: number): void {
    this.#ids.push(id);
  }

  /** Lets a tensor outlive every open scope; the garbage collector frees it. */
  keep<Kept extends TensorHandle>(tensor: Kept): Kept {
    if (!this.#open) throw new EngineError('scope.keep', 'the scope is closed');
    return keep(tensor);
  }

  /** Called by `keep`: this scope no longer frees the tensor. */
  forget(id: number): void {
    this.#kept.add(id);
  }

  /** Frees what the scope owns, except the survivors, which pass to the scope around it. Idempotent. */
  close(survivors: readonly TensorHandle[] = []): void {
    if (!this.#open) return;
    this.#open = false;
    openScopes.splice(openScopes.lastIndexOf(this), 1);
    const owned = new Set(this.#ids);
    for (const survivor of survivors) {
      if (!owned.delete(survivor.id) || this.#kept.has(survivor.id)) continue;
      own(survivor);
    }
    for (const id of this.#kept) owned.delete(id);
    releaseAll([...owned]);
    this.#ids = [];
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Opens a scope for work that `tidy` cannot wrap because it awaits: `using scope = openScope()`.
 * Everything created until it closes belongs to it, so close it in the task that opened it.
 */
export const openScope = (): Scope => new Scope();

/** Lets a tensor outlive every open scope, as parameters do; the garbage collector frees it. */
export function keep<Kept extends TensorHandle>(tensor: Kept): Kept {
  if (openScopes.length === 0) return tensor;
  for (const scope of openScopes) scope.forget(tensor.id);
  leaveToCollector(tensor);
  return tensor;
}

/** Tensors inside arrays, plain objects, maps and sets, at any depth. */
function tensorsIn(
  value: unknown,
  found: TensorHandle[] = [],
  seen = new Set<object>(),
): TensorHandle[] {
  if (value === null || typeof value !== 'object' || seen.has(value)) return found;
  seen.add(value);
  if (value instanceof TensorHandle) found.push(value);
  else if (Array.isArray(value) || value instanceof Set) {
    for (const element of value) tensorsIn(element, found, seen);
  } else if (value instanceof Map)
    for (const element of value.values()) tensorsIn(element, found, seen);
  else if (!ArrayBuffer.isView(value)) {
    for (const element of Object.values(value)) tensorsIn(element, found, seen);
  }
  return found;
}

const isPromise = (value: unknown): boolean =>
  typeof (value as { then?: unknown } | null | undefined)?.then === 'function';

/**
 * Runs `work` and frees every tensor it created, except those in what it returns.
 * Nothing leaks when it throws. @throws EngineError when `work` returns a promise: use `openScope` there.
 */
export function tidy<Result>(work: () => Result): Result {
  const scope = new Scope();
  let survivors: TensorHandle[] = [];
  try {
    const result = work();
    if (isPromise(result)) {
      throw new EngineError(
        'tidy',
        'the callback returned a promise; open a scope with `using scope = openScope()` for work that awaits',
      );
    }
    survivors = tensorsIn(result);
    return result;
  } finally {
    scope.close(survivors);
  }
}

/** Tensors alive in the engine, whoever owns them. */
export const liveTensors = (): number => native.liveTensors();

/** Frees tensors at once. Using one afterwards throws. */
export function dispose(...tensors: readonly TensorHandle[]): void {
  releaseAll(tensors.map((tensor) => tensor.id));
}
