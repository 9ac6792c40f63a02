import { expect, test } from 'vitest';
import { Generator, type NestedNumbers, randn, tensor } from '../tensor/index.ts';
import { entropyOfLogits, topEntropyMask } from './entropy.ts';
import { finiteDifferences } from './finite-differences.ts';
import { klToReference, sequenceKlToReference } from './kl.ts';

const float64 = (values: NestedNumbers) => tensor(values, { dtype: 'float64' });

test('the three estimators of a token twice as likely under the reference', () => {
  const [here, there] = [float64([[0]]), float64([[Math.LN2]])];
  expect(klToReference(here, there, 'k1').item()).toBeCloseTo(-Math.LN2, 12);
  expect(klToReference(here, there, 'k2').item()).toBeCloseTo(Math.LN2 ** 2 / 2, 12);
  // e^{ln 2} − 1 − ln 2
  expect(klToReference(here, there, 'k3').item()).toBeCloseTo(1 - Math.LN2, 12);
});

test('k1 and k3 average to the KL itself, and k3 is never negative', () => {
  const generator = new Generator(2);
  const [p, q] = [0, 1].map(() => randn([7], generator, { dtype: 'float64' }).logSoftmax(-1)) as [
    ReturnType<typeof float64>,
    ReturnType<typeof float64>,
  ];
  const exact = p.exp().mul(p.sub(q)).sum().item();
  for (const estimator of ['k1', 'k3'] as const) {
    const expectation = p
      .exp()
      .mul(klToReference(p, q, estimator))
      .sum()
      .item();
    expect(expectation).toBeCloseTo(exact, 12);
  }
  expect(klToReference(p, q, 'k3').min().item()).toBeGreaterThanOrEqual(0);
});

test.each(['k1', 'k2', 'k3'] as const)('%s has the gradient of finite differences', (estimator) => {
  const logprobs = float64([[-1, -2, -0.5]]).requireGrad();
  const reference = float64([[-1.5, -1, -0.7]]);
  klToReference(logprobs, reference, estimator).sum().backward();
  const slope = finiteDifferences((x) => klToReference(x, reference, estimator).sum(), logprobs);
  expect(logprobs.grad ?? []).toBeAllClose(slope, { atol: 1e-9 });
});

test('the KL of a sequence adds its trained tokens', () => {
  const kl = sequenceKlToReference(
    float64([
      [-1, -2],
      [-1, -1],
    ]),
    float64([
      [-1.5, -4],
      [-3, Number.NaN],
    ]),
    float64([
      [1, 1],
      [1, 0],
    ]),
  );
  expect(kl).toBeAllClose([0.5 + 2, 2]);
});

test('entropy of a uniform, a certain and a partly impossible distribution', () => {
  const entropy = entropyOfLogits(
    float64([
      [3, 3, 3, 3],
      [0, -2000, -2000, -2000],
      [1, 1, -Infinity, -Infinity],
    ]),
  );
  expect(entropy).toBeAllClose([Math.log(4), 0, Math.log(2)], { atol: 1e-12 });
});

test('entropy has the gradient of finite differences', () => {
  const logits = float64([[0.3, -1, 2, 0.1]]).requireGrad();
  entropyOfLogits(logits).sum().backward();
  const slope = finiteDifferences((x) => entropyOfLogits(x).sum(), logits);
  expect(logits.grad ?? []).toBeAllClose(slope, { atol: 1e-9 });
});

test('the half of highest entropy, among trained tokens only', () => {
  const mask = topEntropyMask(
    float64([
      [1, 9, 3],
      [4, 2, 9],
    ]),
    float64([
      [1, 0, 1],
      [1, 1, 0],
    ]),
    0.5,
  );
  // The median of 1, 2, 3, 4 is 2.5.
  expect(mask).toBeAllClose([
    [0, 0, 1],
    [1, 0, 0],
  ]);
  const none = topEntropyMask(float64([[1]]), float64([[0]]), 0.5);
  expect(none.toArray()).toEqual([0]);
});
