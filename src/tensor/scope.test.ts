import { describe, expect, it } from 'vitest';
import { collectGarbage, collectNow } from '../../test/support/collect-garbage.ts';
import { dispose, keep, liveTensors, ones, openScope, type Tensor, tensor, tidy } from './index.ts';

/** How many more tensors live after `work` than before. */
async function growth(work: () => void): Promise<number> {
  await collectGarbage();
  const before = liveTensors();
  work();
  return liveTensors() - before;
}

const isAlive = (x: Tensor): boolean => {
  try {
    x.neg().dispose();
    return true;
  } catch {
    return false;
  }
};

describe('tidy', () => {
  it('frees what it made and returns what it was given', async () => {
    expect(await growth(() => expect(tidy(() => ones([2]).mul(3).sum().item())).toBe(6))).toBe(0);
  });

  it('spares the tensors it returns, wherever they are', async () => {
    const inside = (x: Tensor) => {
      const cycle: Record<string, unknown> = { deep: [{ x }] };
      cycle['self'] = cycle;
      class Holder {
        x = x;
      }
      return [
        x,
        [x],
        { a: { b: x } },
        new Map([['k', x]]),
        new Map([[x, 1]]),
        new Set([[x]]),
        cycle,
        new Holder(),
      ];
    };
    for (let form = 0; form < 8; form++) {
      let kept: Tensor | undefined;
      const grown = await growth(() => {
        tidy(() => {
          kept = ones([1]).add(1);
          return inside(kept)[form];
        });
      });
      expect([form, grown]).toEqual([form, 1]);
      expect(kept?.item()).toBe(2);
      kept?.dispose();
    }
  });

  it('spares a tensor at the end of a list of 100,000 links', () => {
    const last = tidy(() => {
      let list: unknown = ones([1]);
      for (let i = 0; i < 100_000; i++) list = [list];
      return list;
    });
    let tip = last as unknown[] | Tensor;
    while (Array.isArray(tip)) tip = tip[0] as unknown[] | Tensor;
    expect(tip.item()).toBe(1);
  });

  it('passes survivors to the tidy around it', () => {
    let escaped: Tensor | undefined;
    tidy(() => {
      const inner = tidy(() => ones([1]).add(1));
      expect(inner.item()).toBe(2);
      escaped = inner;
    });
    expect(isAlive(escaped as Tensor)).toBe(false);
  });

  it('frees everything when it throws, at every depth', async () => {
    const fail = () =>
      tidy(() => {
        ones([1]).add(1);
        tidy(() => {
          ones([1]).add(2);
          throw new Error('inside');
        });
      });
    expect(await growth(() => expect(fail).toThrow('inside'))).toBe(0);
    expect(await growth(() => expect(() => tidy(() => ones([2]).add(ones([3])))).toThrow())).toBe(
      0,
    );
  });

  it('frees everything when the result cannot be looked into', async () => {
    const trap = {
      get x(): never {
        throw new Error('trap');
      },
    };
    const spring = () =>
      tidy(() => {
        ones([1]);
        return trap;
      });
    expect(await growth(() => expect(spring).toThrow('trap'))).toBe(0);
  });

  it('refuses a promise, and frees what was made before', async () => {
    const start = () =>
      tidy(async () => {
        ones([1]);
        await Promise.reject(new Error('lost'));
      });
    const grown = await growth(() =>
      expect(start).toThrow(/tidy: the callback returned a promise.*openScope/),
    );
    expect(grown).toBe(0);
  });
});

describe('tidy, at its edges,', () => {
  it('leaves tensors from outside alone, returned or not', () => {
    const outside = ones([1]);
    expect(tidy(() => outside)).toBe(outside);
    tidy(() => outside.add(1));
    expect(outside.item()).toBe(1);
  });

  it('returns a tensor disposed of inside as it is', async () => {
    const grown = await growth(() => {
      const dead = tidy(() => {
        const x = ones([1]);
        ones([1]);
        x.dispose();
        return x;
      });
      expect(() => dead.item()).toThrow(/freed/);
    });
    expect(grown).toBe(0);
  });

  it('frees tensors whose wrappers were collected before it ended', async () => {
    const grown = await growth(() =>
      tidy(() => {
        for (let i = 0; i < 1000; i++) ones([10]);
        collectNow();
        expect(liveTensors()).toBeGreaterThanOrEqual(1000);
        return 1;
      }),
    );
    expect(grown).toBe(0);
  });

  it('is not confused by a handle used again', () => {
    const [first, second] = tidy(() => {
      const dead = ones([1]);
      dead.dispose();
      return [dead, tensor([5])];
    });
    expect([isAlive(first as Tensor), second?.item()]).toEqual([false, 5]);
  });
});

describe('keep', () => {
  it('lets a tensor outlive every scope around it', () => {
    const kept = tidy(() => tidy(() => keep(ones([1]).add(1))));
    expect(kept.item()).toBe(2);
    let hidden: Tensor | undefined;
    tidy(() =>
      tidy(() => {
        hidden = keep(keep(ones([1])));
        return null;
      }),
    );
    expect(hidden?.item()).toBe(1);
  });

  it('hands the tensor to the collector', async () => {
    await collectGarbage();
    const before = liveTensors();
    const use = () => tidy(() => keep(ones([1])).item());
    use();
    await collectGarbage();
    expect(liveTensors()).toBe(before);
  });

  it('does nothing outside scopes and for tensors from outside', async () => {
    const outside = keep(ones([1]));
    tidy(() => keep(outside));
    await collectGarbage();
    expect(outside.item()).toBe(1);
  });

  it('can still be disposed of', () => {
    const kept = tidy(() => keep(ones([1])));
    dispose(kept, kept);
    expect(isAlive(kept)).toBe(false);
  });
});

describe('openScope', () => {
  it('owns what is made across an await, until it closes', async () => {
    const scope = openScope();
    const x = ones([1]);
    await Promise.resolve();
    const y = x.add(1);
    scope.close();
    scope.close();
    expect([isAlive(x), isAlive(y)]).toEqual([false, false]);
  });

  it('closes at the end of a `using` block, thrown out of or not', async () => {
    const block = () => {
      using _scope = openScope();
      ones([1]).add(1);
      throw new Error('inside');
    };
    expect(await growth(() => expect(block).toThrow('inside'))).toBe(0);
  });

  it('may close out of order: each frees its own, survivors go to the scope around', () => {
    const [outer, middle, inner] = [openScope(), openScope(), openScope()];
    const x = ones([1]);
    middle.close([x]);
    const y = ones([1]);
    outer.close();
    expect([isAlive(x), isAlive(y)]).toEqual([true, true]);
    inner.close([y]);
    expect([isAlive(x), isAlive(y)]).toEqual([false, true]);
  });

  it('keeps only while it is open', () => {
    const scope = openScope();
    const x = scope.keep(ones([1]));
    scope.close();
    expect(x.item()).toBe(1);
    expect(() => scope.keep(x)).toThrow(/the scope is closed/);
  });

  it('a tensor of a closed scope throws wherever it is used', () => {
    const scope = openScope();
    const x = ones([2], { requiresGrad: true });
    scope.close();
    const uses: (() => unknown)[] = [
      () => x.add(1),
      () => x.add_(1),
      () => x.strides,
      () => x.device,
      () => x.item(),
      () => x.grad,
      () => x.toArray(),
      () => x.shareMemory(),
      () => x.backward(),
      () => x.requireGrad(),
      () => x.detach(),
      () => {
        x.grad = null;
      },
    ];
    for (const use of uses) expect(use).toThrow(/freed \(disposed, or its scope is closed\)/);
  });
});
