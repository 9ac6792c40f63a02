import { describe, expect, it } from 'vitest';
import { EngineError } from '../errors.ts';
import {
  type Argument,
  call,
  Generator,
  liveTensors,
  ones,
  Tensor,
  tensor,
  tidy,
} from './index.ts';

/** The EngineError that `work` throws. */
function failure(work: () => unknown): EngineError {
  try {
    work();
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw new Error('expected an EngineError', { cause: error });
  }
  throw new Error('expected an EngineError, nothing was thrown');
}

const add = (...values: unknown[]) => call('aten::add.Tensor', ...(values as Argument[]));

const x = tensor([1, 2, 3]);
const freed = tensor([1]);
freed.dispose();
const generator = new Generator(1);
const fakes = [
  { id: x.id },
  { id: NaN },
  { id: -1 },
  new Date(),
  new Map([[1, x]]),
  Object.create(null),
];
const cases: [string, () => unknown, RegExp][] = [
  ['a string for a tensor', () => add(x, 'three'), /'other'.*expected a tensor, found a string/],
  ['null for a tensor', () => add(x, null), /expected a tensor, found null/],
  ['a list for a tensor', () => add(x, [1, 2]), /expected a tensor, found a list/],
  ['a generator for a tensor', () => add(x, generator), /expected a tensor, found a generator/],
  [
    'a number for a tensor that is written',
    () => call('aten::add_.Tensor', 1, x),
    /'self'.*found a number/,
  ],
  [
    'a fraction for an integer',
    () => call('aten::select.int', x, 0, 0.5),
    /'index'.*expected an integer, found 0.5/,
  ],
  ['NaN for an integer', () => call('aten::select.int', x, 0, NaN), /expected an integer/],
  ['∞ for an integer', () => call('aten::select.int', x, 0, Infinity), /expected an integer/],
  ['an integer past 2^53', () => call('aten::select.int', x, 0, 1e300), /expected an integer/],
  ['an index out of range', () => x.select(0, 7), /out of range/],
  [
    'a number for a string',
    () => call('aten::einsum', 3, [x]),
    /expected a string, found a number/,
  ],
  ['a number for a boolean', () => call('aten::sum.dim_IntList', x, [0], 1), /expected a boolean/],
  [
    'a tensor for a generator',
    () => call('aten::randn.generator', [1], x, 6, null, 'cpu', false),
    /expected a generator/,
  ],
  [
    'a hole in a list',
    () => call('aten::view', x, [1, undefined]),
    /expected an integer, found nothing/,
  ],
  ['too few arguments', () => add(x), /missing argument 'other'/],
  ['no arguments', () => call('aten::add.Tensor'), /missing argument 'self'/],
  ['too many arguments', () => add(x, x, 1, 2), /too many arguments/],
  ['an unknown operator', () => call('aten::no_such_thing', x), /no operator aten::no_such_thing/],
  ['an unknown overload', () => call('aten::add.Nothing', x, x), /no operator aten::add.Nothing/],
  ['a name without a namespace', () => call('add', x, x), /no operator add/],
  ['an empty name', () => call('', x), /no operator/],
  ['a freed tensor', () => add(x, freed), /freed/],
  [
    'shapes that do not fit',
    () => x.add(ones([4])),
    /size of tensor.*\n.*float32\[3\], float32\[4\]/,
  ],
  ['an unknown dtype', () => x.to({ dtype: 'float31' as 'float32' }), /unknown dtype 'float31'/],
  ['a dtype named like a method', () => x.to({ dtype: 'toString' as 'float32' }), /unknown dtype/],
  ['an unknown dtype code', () => call('aten::to.dtype', x, 999), /unknown dtype code 999/],
  [
    'an unknown layout',
    () => call('aten::empty.memory_format', [1], 6, 99, 'cpu', false),
    /unknown layout/,
  ],
  ['an unknown memory format', () => call('aten::contiguous', x, -4), /unknown memory format/],
  ['an unknown device', () => call('aten::to.device', x, 'toaster', 6), /toaster/],
  [
    'the wrong number of sizes',
    () => call('aten::avg_pool2d', ones([1, 1, 4, 4]), [2, 2, 2]),
    /expected 2 elements, found 3/,
  ],
  [
    'a list longer than the wire',
    () => call('aten::view', x, new Array<number>(1e6).fill(1)),
    /more than 65536 values/,
  ],
  [
    'a tensor of more results than the wire holds',
    () => call('aten::unbind.int', ones([70_000]), 0),
    /results exceed/,
  ],
  ['a bigint', () => add(x, 3n), /BigInt/],
  ['a symbol', () => add(x, Symbol('s')), /Symbol/],
  ['a function', () => add(x, () => 1), /Function/],
  ...fakes.map((fake): [string, () => unknown, RegExp] => [
    `an object that is no tensor (${Object.prototype.toString.call(fake)})`,
    () => add(x, fake),
    /cannot be passed/,
  ]),
];
describe('a mistaken call throws and names the operator', () => {
  for (const [what, work, message] of cases) {
    it(what, () => {
      const before = liveTensors();
      const error = tidy(() => failure(work));
      expect(error.message).toMatch(message);
      expect(liveTensors()).toBe(before);
    });
  }

  it('a list that contains itself', () => {
    const cyclic: unknown[] = [];
    cyclic.push(cyclic, cyclic);
    expect(failure(() => call('aten::view', x, cyclic as Argument[])).operator).toBe('aten::view');
  });

  it('a wrapper around a handle that never was', () => {
    for (const id of [NaN, -1, 0, 0.5, 1e15, Infinity, 2 ** 53, x.id + 0.5]) {
      expect(failure(() => new Tensor(id).neg()).message).toMatch(/freed/);
      expect(failure(() => new Tensor(id).shape).message).toMatch(/freed/);
      expect(failure(() => new Tensor(id).backward()).message).toMatch(/freed/);
    }
  });
});
