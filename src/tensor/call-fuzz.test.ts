import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EngineError } from '../errors.ts';
import {
  type Argument,
  call,
  Generator,
  listOperators,
  liveTensors,
  tensor,
  tidy,
  zeros,
} from './index.ts';
import { native } from './native.ts';

/** What libtorch itself does not survive, or what takes its time, when given nonsense. */
const skipped: [RegExp, string][] = [
  [/^aten::_/, 'internals, which trust their callers'],
  [
    /out$/,
    'resize what they are given, with a warning; they compute as the operator that allocates',
  ],
  [/^aten::(native_)?channel_shuffle/, 'divides by zero groups'],
  [/^aten::from_file/, 'makes the file it is asked to map'],
  [/^aten::align_/, 'named axes, read without a check'],
  [
    /fractional_max_pool|unfold_backward|matrix_exp_backward/,
    'backward kernels that trust the forward',
  ],
  [
    /sparse|quantize|lstm|gru|rnn|mkldnn|cudnn|miopen|fbgemm/,
    'packed operands, read without a check',
  ],
  [/chain_matmul|symeig|qr$|lu_solve|meshgrid|names/, 'warn that they will go'],
  [
    /vander|window|randperm|tri[lu]_indices|repeat_interleave|bincount|combinations/,
    'sizes taken from values',
  ],
];

const operators = listOperators()
  .map(({ name }) => name)
  .filter((name) => name.startsWith('aten::') && !skipped.some(([pattern]) => pattern.test(name)))
  .sort();

const floats = [
  zeros([0]),
  tensor(1.5),
  tensor([1, 2, 3]),
  tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]),
  tensor([
    [
      [
        [1, 2],
        [3, 4],
      ],
    ],
  ]),
];
const others = [
  tensor(
    [
      [1, 2],
      [3, 4],
    ],
    { dtype: 'float64', requiresGrad: true },
  ),
  tensor([0, 2, 1], { dtype: 'int64' }),
  tensor([[5, -7]], { dtype: 'int64' }),
  tensor([true, false, true]),
  tensor([1, 2], { dtype: 'bfloat16' }),
  tensor(
    [
      [1, 2],
      [3, 4],
    ],
    { dtype: 'int32' },
  ).transpose(0, 1),
];
const freed = tensor([1]);
freed.dispose();
const generator = new Generator(1);

const tensors = fc.constantFrom(...floats, ...others).map((x) => x.clone());
const integer = fc.oneof(
  { arbitrary: fc.integer({ min: -3, max: 4 }), weight: 20 },
  fc.constant(NaN),
);
const number = fc.oneof(integer, fc.double(), fc.constantFrom(-0, Infinity));
const scalar: fc.Arbitrary<Argument> = fc.oneof(
  { arbitrary: tensors, weight: 5 },
  { arbitrary: integer, weight: 3 },
  number,
  fc.boolean(),
  fc.constantFrom(null, undefined, generator, freed, 'cpu', 'mean', 'ij->ji', '', '\0'),
);
const list = fc.oneof(
  fc.array(integer, { maxLength: 4 }),
  fc.array(tensors, { maxLength: 3 }),
  fc.array(fc.boolean(), { maxLength: 3 }),
  fc.array(scalar, { maxLength: 3 }),
);
const junk = fc.constantFrom(
  ...([{ id: 1 }, Symbol('x'), 5n, () => 1, new Date(0)] as unknown as Argument[]),
);
const anything = fc.oneof({ arbitrary: scalar, weight: 6 }, { arbitrary: list, weight: 3 }, junk);

/** An argument of about the type that the schema names, or, one time in eight, anything. */
function argumentLike(type: string): fc.Arbitrary<Argument> {
  return fc.oneof({ arbitrary: fitting(type), weight: 7 }, { arbitrary: anything, weight: 1 });
}

function fitting(type: string): fc.Arbitrary<Argument> {
  if (type.endsWith('?')) return fc.oneof(fc.constant(null), fitting(type.slice(0, -1)));
  const element = /^(.*)\[\d*\]$/.exec(type)?.[1];
  if (element !== undefined) return fc.array(fitting(element), { maxLength: 4 });
  switch (type.replace(/\(.*?\)/, '')) {
    case 'Tensor':
      return tensors;
    case 'int':
    case 'SymInt':
      return integer;
    case 'float':
    case 'Scalar':
      return number;
    case 'bool':
      return fc.boolean();
    case 'str':
      return fc.constantFrom('mean', 'ij->ji', 'none', 'reflect', '');
    case 'Device':
      return fc.constant('cpu');
    case 'Generator':
      return fc.constant(generator);
    case 'ScalarType':
      return fc.integer({ min: -1, max: 16 });
    default:
      return anything;
  }
}

/** The types of a schema's arguments, as in `aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor`. */
function argumentTypes(name: string): string[] {
  const [base, overload = ''] = name.split('.');
  const schema = native.schema(native.find(base as string, overload));
  const inside = schema.slice(schema.indexOf('(') + 1, schema.lastIndexOf(') ->'));
  return inside
    .replace(/\([a-z!|*\-> ]*\)/g, '')
    .split(', ')
    .filter((argument) => argument !== '*' && argument !== '')
    .map((argument) => argument.split(' ')[0] as string);
}

const signatures = new Map(operators.map((name) => [name, argumentTypes(name)]));

const calls = fc.constantFrom(...operators).chain((name) => {
  const fitted = fc.tuple(...(signatures.get(name) as string[]).map(argumentLike));
  return fc.tuple(
    fc.constant(name),
    fc.oneof({ arbitrary: fitted, weight: 6 }, fc.array(anything, { maxLength: 7 })),
  );
});

describe('any operator with any arguments', () => {
  it('returns or throws an EngineError, and the process lives', () => {
    const before = liveTensors();
    let returned = 0;
    const attempt = ([name, values]: readonly [string, readonly Argument[]]) =>
      tidy(() => {
        try {
          call(name, ...values);
          returned++;
        } catch (error) {
          expect(error).toBeInstanceOf(EngineError);
        }
      });
    tidy(() => fc.assert(fc.property(calls, attempt), { numRuns: 3000, seed: 1 }));
    expect(returned).toBeGreaterThan(100);
    expect(liveTensors()).toBe(before);
  });
});
