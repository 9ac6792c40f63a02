import { describe, expect, it } from 'vitest';
import {
  type CreateOptions,
  cat,
  enableGrad,
  Generator,
  grad,
  gradEnabled,
  linear,
  noGrad,
  ones,
  randn,
  rmsNorm,
  stack,
  type Tensor,
  tensor,
  tidy,
  where,
  zeros,
} from './index.ts';

const leaf = (values: number | number[], options: CreateOptions = {}) =>
  tensor(values, { dtype: 'float64', requiresGrad: true, ...options });

describe('backward', () => {
  it('d(x² · 3)/dx = 6x', () => {
    const x = leaf([1, -2]);
    x.square().mul(3).sum().backward();
    expect(x.grad?.toArray()).toEqual([6, -12]);
  });

  it('adds to what is there, and null clears it', () => {
    const x = leaf([2]);
    for (let i = 0; i < 2; i++) x.mul(5).backward();
    expect(x.grad?.toArray()).toEqual([10]);
    x.grad = null;
    expect(x.grad).toBeNull();
  });

  it('takes the gradient of an output that is no scalar', () => {
    const x = leaf([1, 2]);
    x.square().backward({ gradient: tensor([10, 1], { dtype: 'float64' }) });
    expect(x.grad?.toArray()).toEqual([20, 4]);
  });

  it('runs once, or twice when the graph is kept', () => {
    const y = leaf([3]).square();
    y.backward({ keepGraph: true });
    y.backward();
    expect(() => y.backward()).toThrow(/^backward: /);
  });

  it.each([
    ['no gradient recorded', () => tensor([1]).backward()],
    ['an output of two elements', () => leaf([1, 2]).mul(2).backward()],
    [
      'a seed of another shape',
      () =>
        leaf([1])
          .mul(2)
          .backward({ gradient: ones([3]) }),
    ],
    [
      'a freed seed',
      () => {
        const gradient = ones([1]);
        gradient.dispose();
        leaf([1]).mul(2).backward({ gradient });
      },
    ],
  ])('%s throws', (_what, work) => {
    expect(work).toThrow(/^backward: /);
  });

  it('survives the scope that computed it', () => {
    const x = leaf([1, 2]);
    const loss = tidy(() => x.exp().mul(x).sum());
    tidy(() => loss.backward());
    // d(x eˣ)/dx = (1 + x) eˣ
    expect(x.grad).toBeAllClose([2 * Math.E, 3 * Math.E ** 2], { rtol: 1e-14 });
  });
});

describe('a gradient by assignment', () => {
  it('must fit its tensor', () => {
    const x = leaf([1, 2]);
    x.grad = tensor([3, 4], { dtype: 'float64' });
    expect(x.grad?.toArray()).toEqual([3, 4]);
    expect(() => {
      x.grad = zeros([3], { dtype: 'float64' });
    }).toThrow(/shape/);
    expect(() => {
      x.grad = zeros([2]);
    }).toThrow(/Float|float|Double/);
    expect(() => {
      x.grad = x;
    }).toThrow(/its own gradient/);
  });

  it('only floating-point leaves require one', () => {
    expect(() => tensor([1], { dtype: 'int64' }).requireGrad()).toThrow(/^requireGrad: /);
    expect(() => leaf([1]).mul(2).requireGrad(false)).toThrow(/only a leaf/);
    expect(leaf([1]).requireGrad(false).requiresGrad).toBe(false);
  });
});

describe('grad', () => {
  it('leaves `grad` alone and says null for what was not used', () => {
    const [x, unused] = [leaf([3]), leaf([1])];
    const [dx, nothing] = grad(x.square(), [x, unused]);
    expect([dx?.toArray(), nothing, x.grad]).toEqual([[6], null, null]);
  });

  it('differentiates twice: d²(x³)/dx² = 6x', () => {
    const x = leaf([2]);
    const [first] = grad(x.pow(3), [x], { createGraph: true });
    expect(first?.item()).toBe(12);
    const [second] = grad(first as Tensor, [x]);
    expect(second?.item()).toBe(12);
  });

  it('weighs outputs by `gradient`', () => {
    const x = leaf([1, 2]);
    const [dx] = grad(x.mul(2), [x], { gradient: tensor([1, 10], { dtype: 'float64' }) });
    expect(dx?.toArray()).toEqual([2, 20]);
  });

  it('throws for a freed input, none recorded, and more inputs than the wire holds', () => {
    const x = leaf([1]);
    const freed = leaf([1]);
    freed.dispose();
    expect(() => grad(x.mul(2), [freed])).toThrow(/^grad: .*freed/);
    expect(() => grad(tensor([1]), [x])).toThrow(/^grad: /);
    expect(() => grad(x.mul(2), new Array<Tensor>(200_000).fill(x))).toThrow(/do not fit the wire/);
  });
});

describe('noGrad, enableGrad and detach', () => {
  it('switches recording off and back on, nested', () => {
    const x = leaf([1]);
    const recorded = () => x.mul(2).requiresGrad;
    expect(recorded()).toBe(true);
    noGrad(() => {
      expect(recorded()).toBe(false);
      enableGrad(() => expect(recorded()).toBe(true));
      noGrad(() => expect(recorded()).toBe(false));
      expect(recorded()).toBe(false);
    });
    expect(recorded()).toBe(true);
  });

  it('is restored when the callback throws, at any depth', () => {
    const fail = () => {
      throw new Error('inside');
    };
    expect(() => noGrad(fail)).toThrow('inside');
    expect(gradEnabled()).toBe(true);
    expect(() => noGrad(() => enableGrad(() => noGrad(fail)))).toThrow('inside');
    expect(gradEnabled()).toBe(true);
    noGrad(() => {
      expect(() => enableGrad(fail)).toThrow('inside');
      expect(gradEnabled()).toBe(false);
    });
  });

  it('refuses a promise, even one that rejects', () => {
    expect(() => noGrad(async () => 1)).toThrow(/noGrad: the callback returned a promise/);
    expect(() => enableGrad(() => Promise.reject(new Error('lost')))).toThrow(/enableGrad: /);
    expect(gradEnabled()).toBe(true);
  });

  it('detach cuts the gradient and shares the memory', () => {
    const x = leaf([3]);
    x.mul(x.detach()).backward();
    expect(x.grad?.item()).toBe(3);
    expect([x.detach().requiresGrad, x.detach().isLeaf, x.mul(1).isLeaf]).toEqual([
      false,
      true,
      false,
    ]);
    noGrad(() => x.add_(1));
    expect(x.detach().item()).toBe(4);
  });

  it('a leaf that requires a gradient is not written to while recording', () => {
    expect(() => leaf([1]).add_(1)).toThrow(/^aten::add_.Tensor: .*leaf/);
  });
});

/** (f(x + h eᵢ) − f(x − h eᵢ)) / 2h, whose error is of order h². */
function differences(f: (x: Tensor) => Tensor, at: Tensor, h = 1e-6): number[] {
  const values = at.detach().toArray();
  return values.map((value, i) => {
    const moved = (by: number) =>
      tidy(() => {
        const x = tensor(
          values.map((other, j) => (i === j ? value + by : other)),
          { dtype: 'float64' },
        );
        return f(x.view(at.shape)).item();
      });
    return (moved(h) - moved(-h)) / (2 * h);
  });
}

const normal = (shape: number[], seed: number) =>
  randn(shape, new Generator(seed), { dtype: 'float64' });

const composed: [string, (x: Tensor) => Tensor][] = [
  [
    'cross-entropy',
    (x) =>
      x
        .logSoftmax(-1)
        .gather(1, tensor([[2], [0], [1]], { dtype: 'int64' }))
        .mean()
        .neg(),
  ],
  ['attention', (x) => x.matmul(x.transpose(0, 1)).div(2).softmax(-1).matmul(x).square().sum()],
  [
    'a gated layer',
    (x) =>
      linear(x, normal([5, 4], 3))
        .silu()
        .mul(linear(x, normal([5, 4], 4)))
        .sum(),
  ],
  [
    'a normalised layer',
    (x) =>
      rmsNorm(x, normal([4], 5), 1e-6)
        .pow(3)
        .sum(),
  ],
  [
    'a clipped ratio',
    (x) =>
      x
        .exp()
        .clamp(0.8, 1.2)
        .minimum(x.exp())
        .mul(normal([3, 4], 6))
        .sum(),
  ],
  [
    'log-sum-exp and soft plus',
    (x) => x.logsumexp(-1).softplus().add(x.sigmoid().log().mean(-1)).sum(),
  ],
  [
    'joins and choices',
    (x) =>
      where(x.greater(0), cat([x.narrow(1, 2, 2), x.narrow(1, 0, 2)], 1).mul(x), x.tanh()).sum(),
  ],
  [
    'stacks, sums and roots',
    (x) =>
      stack([x.abs().sqrt(), x.cumsum(1)])
        .std()
        .add(x.square().add(1).rsqrt().mean()),
  ],
];

describe('the gradient equals finite differences for', () => {
  it.each(composed)('%s', (_name, f) => {
    const x = normal([3, 4], 7).requireGrad();
    f(x).backward();
    expect((x.grad as Tensor).view([12])).toBeAllClose(differences(f, x), {
      rtol: 1e-6,
      atol: 1e-8,
    });
  });
});
