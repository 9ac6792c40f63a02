import { EngineError } from '../errors.ts';
import { TensorHandle } from './handle.ts';
import { native, wire } from './native.ts';
import { refusePromise } from './refuse-promise.ts';
import { isTracing, traced } from './trace.ts';

/** The scopes that are open, outermost first. */
const openScopes: Scope[] = [];

interface Weight {
  readonly id: number;
  readonly bytes: number;
}

/** What V8 was told of each tensor that the collector owns. */
const weights = new WeakMap<TensorHandle, Weight>();

const released = new FinalizationRegistry<Weight>(({ id, bytes }) => {
  releaseAll([id]);
  native.adjustMemory(-bytes);
});

/** Hands a tensor to the garbage collector, and tells it what the tensor weighs. */
function leaveToCollector(tensor: TensorHandle): void {
  if (weights.has(tensor)) return;
  const weight = { id: tensor.id, bytes: native.weigh(tensor.id) };
  weights.set(tensor, weight);
  released.register(tensor, weight, tensor);
}

function takeFromCollector(tensor: TensorHandle): void {
  const weight = weights.get(tensor);
  if (weight === undefined) return;
  weights.delete(tensor);
  released.unregister(tensor);
  native.adjustMemory(-weight.bytes);
}

/** Records a new tensor with the innermost scope, or with the collector when none is open. */
export function own(tensor: TensorHandle): void {
  give(tensor, openScopes[openScopes.length - 1]);
}

function give(tensor: TensorHandle, owner: Scope | undefined): void {
  if (owner === undefined) leaveToCollector(tensor);
  else owner.add(tensor.id);
}

function releaseAll(ids: readonly number[]): void {
  if (isTracing()) traced('bridge', 'release', () => releaseNow(ids));
  else releaseNow(ids);
}

function releaseNow(ids: readonly number[]): void {
  for (let start = 0; start < ids.length; start += wire.length) {
    const count = Math.min(wire.length, ids.length - start);
    for (let i = 0; i < count; i++) wire[i] = ids[start + i]!;
    native.release(count);
  }
}

/** Owns every tensor created while it is open, and frees them when it closes. It holds handles, not wrappers. */
export class Scope {
  #ids: number[] = [];
  #kept: Set<number> | undefined;
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
    this.#kept ??= new Set();
    this.#kept.add(id);
  }

  /** Frees what the scope owns, except the survivors, which pass to the scope around it. Idempotent. */
  close(survivors: readonly TensorHandle[] = []): void {
    if (!this.#open) return;
    this.#open = false;
    const position = openScopes.indexOf(this);
    openScopes.splice(position, 1);
    const dying = this.#without(survivors, openScopes[position - 1]);
    this.#ids = [];
    releaseAll(dying);
  }

  #without(survivors: readonly TensorHandle[], heir: Scope | undefined): readonly number[] {
    if (survivors.length === 0 && this.#kept === undefined) return this.#ids;
    const owned = new Set(this.#ids);
    for (const id of this.#kept ?? []) owned.delete(id);
    for (const survivor of survivors) if (owned.delete(survivor.id)) give(survivor, heir);
    return [...owned];
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

function partsOf(value: object): Iterable<unknown> {
  if (Array.isArray(value) || value instanceof Set) return value;
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  return ArrayBuffer.isView(value) ? [] : Object.values(value);
}

/** Tensors inside arrays, objects, maps and sets, at any depth. */
function tensorsIn(root: unknown): TensorHandle[] {
  const found: TensorHandle[] = [];
  const seen = new Set<object>();
  const pending = [root];
  while (pending.length > 0) {
    const value = pending.pop();
    if (value === null || typeof value !== 'object' || seen.has(value)) continue;
    seen.add(value);
    if (value instanceof TensorHandle) found.push(value);
    else for (const part of partsOf(value)) pending.push(part);
  }
  return found;
}

/**
 * Runs `work` and frees every tensor it created, except those in what it returns.
 * Nothing leaks when it throws. @throws EngineError when `work` returns a promise: use `openScope` there.
 */
export function tidy<Result>(work: () => Result): Result {
  const scope = new Scope();
  let survivors: TensorHandle[] = [];
  try {
    const result = work();
    refusePromise('tidy', result, 'use `using scope = openScope()` for work that awaits');
    survivors = tensorsIn(result);
    return result;
  } finally {
    scope.close(survivors);
  }
}

/**
 * Notes which scopes are open and whether gradients are recorded, for work that may be cut off where `finally` does not
 * run, as a `node:vm` timeout does. @returns puts both back; what the cut-off work left in its scopes is freed.
 */
export function engineMark(): () => void {
  const depth = openScopes.length;
  const recording = native.gradMode(true);
  native.gradMode(recording);
  return () => {
    while (openScopes.length > depth) openScopes[openScopes.length - 1]!.close();
    native.gradMode(recording);
  };
}

/** Tensors alive in the engine, whoever owns them. */
export const liveTensors = (): number => native.liveTensors();

/** Frees tensors at once. Using one afterwards throws. */
export function dispose(...tensors: readonly TensorHandle[]): void {
  for (const tensor of tensors) takeFromCollector(tensor);
  releaseAll(tensors.map((tensor) => tensor.id));
}
