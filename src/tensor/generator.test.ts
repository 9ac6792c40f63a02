import { describe, expect, it } from 'vitest';
import { collectGarbage } from '../../test/support/collect-garbage.ts';
import { Generator, liveTensors, multinomial, ones, rand, randint, randn } from './index.ts';

const draw = (generator: Generator, count = 5) => randn([count], generator).toArray();

describe('a generator', () => {
  it('gives the same bits for the same seed, and others for another', () => {
    expect(draw(new Generator(7))).toEqual(draw(new Generator(7)));
    expect(draw(new Generator(7))).not.toEqual(draw(new Generator(8)));
    expect(draw(new Generator(-1))).toEqual(draw(new Generator(-1)));
  });

  it('continues where its state was saved, in mid-stream', () => {
    const generator = new Generator(3);
    draw(generator, 7);
    const saved = generator.state;
    const next = [draw(generator), draw(generator, 100), rand([3], generator).toArray()];
    const other = new Generator(99);
    other.state = saved;
    expect([draw(other), draw(other, 100), rand([3], other).toArray()]).toEqual(next);
    generator.state = saved;
    expect(draw(generator)).toEqual(next[0]);
  });

  it('is independent of another', () => {
    const [alone, first, second] = [new Generator(1), new Generator(1), new Generator(2)];
    const expected = [draw(alone), draw(alone)];
    const found = [draw(first)];
    draw(second, 1000);
    found.push(draw(first));
    expect(found).toEqual(expected);
  });

  it('refuses a state that is none, and keeps its own', () => {
    const generator = new Generator(5);
    const saved = generator.state;
    for (const bytes of [new Uint8Array(0), new Uint8Array(16), new Uint8Array(saved.length)])
      expect(() => {
        generator.state = bytes;
      }).toThrow(/^Generator.state: /);
    expect(generator.state).toEqual(saved);
  });

  it('refuses a seed or a device that is none', () => {
    for (const seed of [NaN, 0.5, Infinity, '1' as never])
      expect(() => new Generator(seed)).toThrow(/^Generator: /);
    for (const device of ['toaster', '', 'cpu:x', 3 as never])
      expect(() => new Generator(1, device)).toThrow(/^Generator: /);
  });

  it('leaves no tensor behind', async () => {
    await collectGarbage();
    const before = liveTensors();
    const generator = new Generator(1);
    for (let i = 0; i < 10; i++) {
      const saved = generator.state;
      generator.state = saved;
    }
    expect(liveTensors()).toBe(before);
  });
});

describe('draws have the moments of their distribution', () => {
  // Each bound is 5 standard errors wide.
  const count = 100_000;

  it('normal: mean 0, variance 1', () => {
    const x = randn([count], new Generator(11), { dtype: 'float64' });
    expect(Math.abs(x.mean().item())).toBeLessThan(5 / Math.sqrt(count));
    expect(Math.abs(x.square().mean().item() - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
  });

  it('uniform on [0, 1): mean 1/2, variance 1/12', () => {
    const x = rand([count], new Generator(12), { dtype: 'float64' });
    expect(Math.abs(x.mean().item() - 0.5)).toBeLessThan(5 / Math.sqrt(12 * count));
    expect(x.min().item()).toBeGreaterThanOrEqual(0);
    expect(x.max().item()).toBeLessThan(1);
  });

  it('whole numbers: each of 0, 1, 2 a third of the time', () => {
    const x = randint(3, [count], new Generator(13));
    expect(x.dtype).toBe('int64');
    for (const value of [0, 1, 2]) {
      const share = x.eq(value).to({ dtype: 'float64' }).mean().item();
      expect(Math.abs(share - 1 / 3)).toBeLessThan(5 * Math.sqrt(2 / 9 / count));
    }
  });

  it('an index in proportion to its weight', () => {
    const weights = ones([count, 2]);
    weights.narrow(1, 1, 1).fill_(3);
    const x = multinomial(weights, new Generator(14)).to({ dtype: 'float64' });
    expect(x.shape).toEqual([count, 1]);
    expect(Math.abs(x.mean().item() - 0.75)).toBeLessThan(5 * Math.sqrt(3 / 16 / count));
  });
});
