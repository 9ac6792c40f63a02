import { EngineError } from '../errors.ts';
import { TensorHandle } from './handle.ts';
import { native, wire } from './native.ts';
import { own } from './scope.ts';
import { isTracing, traced } from './trace.ts';

/** Tags of native/wire.h. */
const tag = {
  absent: 0,
  null: 1,
  number: 2,
  boolean: 3,
  tensor: 4,
  string: 5,
  list: 6,
  generator: 7,
};

/** A generator in the engine. */
export class GeneratorHandle {
  readonly id: number;

  constructor(id: number) {
    this.id = id;
  }
}

/** What an operator takes. */
export type Argument =
  | TensorHandle
  | GeneratorHandle
  | number
  | boolean
  | string
  | null
  | undefined
  | readonly Argument[];

/** What an operator returns: tensors, numbers, or lists of them. */
export type OperatorResult = TensorHandle | number | boolean | string | null | OperatorResult[];

const MOST_SHOWN = 8;
const MOST_DEPTH = 3;
const MOST_CHARACTERS = 80;

let wrap: (id: number) => TensorHandle = (id) => new TensorHandle(id);

/** Names the class that results become; called once, by the module that defines it. */
export function wrapResultsWith(create: (id: number) => TensorHandle): void {
  wrap = create;
}

/** Makes a tensor of a handle the engine just gave out, and gives it an owner. */
export function adopt(id: number): TensorHandle {
  const tensor = wrap(id);
  own(tensor);
  return tensor;
}

const strings = new Map<string, number>();

function intern(text: string): number {
  let index = strings.get(text);
  if (index === undefined) {
    index = native.intern(text);
    strings.set(text, index);
  }
  return index;
}

function put(position: number, kind: number, payload: number): number {
  if (position + 2 > wire.length) {
    throw new RangeError(`more than ${wire.length / 2} values; pass a tensor instead`);
  }
  wire[position] = kind;
  wire[position + 1] = payload;
  return position + 2;
}

function write(value: Argument, position: number): number {
  if (value instanceof TensorHandle) return put(position, tag.tensor, value.id);
  switch (typeof value) {
    case 'number':
      return put(position, tag.number, value);
    case 'boolean':
      return put(position, tag.boolean, value ? 1 : 0);
    case 'string':
      return put(position, tag.string, intern(value));
    case 'undefined':
      return put(position, tag.absent, 0);
    default:
  }
  if (value === null) return put(position, tag.null, 0);
  if (value instanceof GeneratorHandle) return put(position, tag.generator, value.id);
  if (Array.isArray(value)) {
    let next = put(position, tag.list, value.length);
    for (const element of value as readonly Argument[]) next = write(element, next);
    return next;
  }
  throw new TypeError(`${typeName(value)} cannot be passed to the engine`);
}

function readList(source: Float64Array, from: number, length: number): [OperatorResult[], number] {
  const list: OperatorResult[] = [];
  let position = from;
  for (let i = 0; i < length; i++) {
    const [element, next] = read(source, position);
    list.push(element);
    position = next;
  }
  return [list, position];
}

function read(source: Float64Array, position: number): [OperatorResult, number] {
  const payload = source[position + 1]!;
  const next = position + 2;
  switch (source[position]) {
    case tag.number:
      return [payload, next];
    case tag.boolean:
      return [payload === 1, next];
    case tag.tensor:
      return [adopt(payload), next];
    case tag.string:
      return [native.stringAt(payload), next];
    case tag.list:
      return readList(source, next, payload);
    default:
      return [null, next];
  }
}

function readAll(words: number): OperatorResult {
  if (words === 0) return null;
  if (words === 2 && wire[0] === tag.tensor) return adopt(wire[1]!);
  // Adopting a tensor may describe it, which overwrites the wire: several results are read from a copy.
  const source = wire.slice(0, words);
  const results: OperatorResult[] = [];
  for (let position = 0; position < words; ) {
    const [value, next] = read(source, position);
    results.push(value);
    position = next;
  }
  return results.length === 1 ? results[0]! : results;
}

const typeName = (value: unknown): string => Object.prototype.toString.call(value);

/** For error messages: never throws, and ends for cyclic lists. */
function describeArgument(value: unknown, depth = 0): string {
  if (value instanceof TensorHandle) {
    try {
      return `${value.dtype}[${value.shape.join(', ')}]`;
    } catch {
      return 'freed tensor';
    }
  }
  if (Array.isArray(value)) {
    if (depth === MOST_DEPTH) return '[…]';
    const shown = value.slice(0, MOST_SHOWN).map((part) => describeArgument(part, depth + 1));
    return `[${shown.join(', ')}${value.length > MOST_SHOWN ? ', …' : ''}]`;
  }
  if (value instanceof GeneratorHandle) return 'generator';
  if (typeof value === 'string') return `'${value.slice(0, MOST_CHARACTERS)}'`;
  const isPrimitive = value === null || (typeof value !== 'object' && typeof value !== 'function');
  return isPrimitive ? String(value) : typeName(value);
}

const operators = new Map<string, number>();

function splitName(name: string): [string, string] {
  const dot = name.indexOf('.');
  return dot < 0 ? [name, ''] : [name.slice(0, dot), name.slice(dot + 1)];
}

function find(name: string): number {
  const known = operators.get(name);
  if (known !== undefined) return known;
  const [base, overload] = splitName(name);
  const operator = native.find(base, overload);
  operators.set(name, operator);
  return operator;
}

function invoke(name: string, values: readonly Argument[], keepResults: boolean): number {
  if (isTracing()) return traced('operator', name, () => convertAndCall(name, values, keepResults));
  return convertAndCall(name, values, keepResults);
}

function convertAndCall(name: string, values: readonly Argument[], keepResults: boolean): number {
  try {
    const operator = find(name);
    let words = 0;
    for (let i = 0; i < values.length; i++) words = write(values[i], words);
    return native.call(operator, words, keepResults);
  } catch (cause) {
    throw EngineError.from(
      name,
      cause,
      `\n  arguments: ${values.map((value) => describeArgument(value)).join(', ')}`,
    );
  }
}

/**
 * Calls any operator of libtorch by its schema's name, as in `call('aten::add.Tensor', a, b)`.
 * `undefined` takes the schema's default; a number stands for a scalar tensor; a dtype is its code.
 * @throws EngineError naming the operator, libtorch's reason and the arguments' shapes.
 */
export function call(name: string, ...values: readonly Argument[]): OperatorResult {
  return readAll(invoke(name, values, true));
}

/** As `call`, dropping the results: for operators that write to an argument. */
export function callInPlace(name: string, ...values: readonly Argument[]): void {
  invoke(name, values, false);
}

/** Whether this libtorch has the operator. */
export function hasOperator(name: string): boolean {
  return native.has(...splitName(name));
}

/** Every schema's name in this libtorch, with what cannot cross the bridge ('' when all of it can). */
export function listOperators(): { name: string; unconvertible: string }[] {
  const flat = native.operators();
  const list: { name: string; unconvertible: string }[] = [];
  for (let i = 0; i < flat.length; i += 2) {
    list.push({ name: flat[i]!, unconvertible: flat[i + 1]! });
  }
  return list;
}
