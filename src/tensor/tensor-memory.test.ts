import { expect, test } from 'vitest';
import { empty, full, Generator, randint, tensorMemory, tidy, trimMemory, zeros } from './index.ts';

const MEBIBYTE = 2 ** 20;
const PAGE = 4096;
const floats = (bytes: number) => [bytes / 4];

/** What `work` needed at most at one time, above what was there before. */
function mostOf(work: () => void): number {
  trimMemory();
  const before = tensorMemory().live;
  tidy(work);
  return tensorMemory().mostLive - before;
}

test('a large tensor counts while it lives, in whole pages', () => {
  const before = tensorMemory().live;
  tidy(() => {
    empty(floats(3 * MEBIBYTE));
    const during = tensorMemory().live - before;
    expect(during).toBeGreaterThanOrEqual(3 * MEBIBYTE);
    expect(during).toBeLessThanOrEqual(3 * MEBIBYTE + PAGE);
  });
  expect(tensorMemory().live).toBe(before);
});

test('the next tensor of its size takes the place of a freed one', () => {
  const once = mostOf(() => void empty(floats(8 * MEBIBYTE)));
  expect(tensorMemory().cached).toBeGreaterThanOrEqual(once);
  const { cached } = tensorMemory();
  tidy(() => {
    empty(floats(8 * MEBIBYTE));
    expect(tensorMemory().cached).toBe(cached - once);
  });
  expect(tensorMemory().cached).toBe(cached);
});

test('what is kept is given back when asked', () => {
  tidy(() => void empty(floats(8 * MEBIBYTE)));
  trimMemory();
  const { live, mostLive, cached } = tensorMemory();
  expect(cached).toBe(0);
  expect(mostLive).toBe(live);
});

test('sizes that never repeat keep at most an eighth more than was needed', () => {
  trimMemory();
  const sizes = randint(4 * MEBIBYTE, [200], new Generator(3)).toArray();
  for (const size of sizes) {
    tidy(() => {
      empty([size + MEBIBYTE]);
      empty([Math.floor(size / 3) + MEBIBYTE]);
    });
    const { live, mostLive, cached } = tensorMemory();
    expect(live + cached).toBeLessThanOrEqual((mostLive / 8) * 9);
  }
});

test('memory taken again holds what the new tensor is filled with', () => {
  tidy(() => void full([MEBIBYTE], 7));
  tidy(() => expect(zeros([MEBIBYTE]).sum().item()).toBe(0));
});
