import { describe, expect, it } from 'vitest';
import { collectGarbage } from '../../test/support/collect-garbage.ts';
import { dispose, liveTensors, ones, type Tensor, tidy, zeros } from './index.ts';
import { native } from './native.ts';

/** Bytes outside its heap that V8 takes into account; `process.memoryUsage()` shows buffers only. */
const external = () => native.adjustMemory(0);

describe('the count of live tensors', () => {
  it('is flat over 100,000 operations', async () => {
    await collectGarbage();
    const x = ones([8]);
    const before = liveTensors();
    let state = ones([8]);
    for (let step = 0; step < 1000; step++) {
      const next = tidy(() => {
        let y = state;
        for (let i = 0; i < 50; i++) y = y.add(x).mul(0.5);
        return y;
      });
      state.dispose();
      state = next;
      if (step % 100 === 0) expect(liveTensors()).toBe(before + 1);
    }
    // y ← (y + 1) / 2 stays at 1.
    expect(state.toArray()).toEqual(new Array(8).fill(1));
  });

  it('falls back when unscoped tensors become garbage', async () => {
    await collectGarbage();
    const before = liveTensors();
    for (let i = 0; i < 1000; i++) ones([10]).add(1);
    await collectGarbage();
    expect(liveTensors()).toBe(before);
  });
});

describe("V8's account of external memory", () => {
  const million = 1 << 20;

  it('holds what leaves a scope, not what dies in it', async () => {
    await collectGarbage();
    const before = external();
    const kept = tidy(() => {
      const inside = ones([million]);
      expect(external() - before).toBeLessThan(million);
      return inside.add(1);
    });
    expect(external() - before).toBeGreaterThan(3.9 * million);
    dispose(kept);
    expect(external() - before).toBeLessThan(million);
  });

  it('is paid back once, whether disposed of, collected or both', async () => {
    await collectGarbage();
    const before = external();
    const use = (dropped: boolean) => {
      const x = zeros([million]);
      if (dropped) x.dispose();
    };
    for (let i = 0; i < 50; i++) use(i % 2 === 0);
    await collectGarbage();
    expect(Math.abs(external() - before)).toBeLessThan(million);
  });

  it('counts a view as what it holds, not as what it spans', () => {
    const before = external();
    const views: Tensor[] = [];
    for (let i = 0; i < 10; i++) views.push(zeros([1]).expand([1e12]));
    expect(external() - before).toBeLessThan(million);
    expect(views.length).toBe(10);
  });

  it('makes the collector run before unscoped tensors fill the machine', async () => {
    const before = process.memoryUsage().rss;
    // 400 × 4 MiB: 1.6 GiB if nothing were collected.
    for (let i = 0; i < 400; i++) {
      zeros([million]);
      if (i % 10 === 0) await new Promise(setImmediate);
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 29);
  });
});
