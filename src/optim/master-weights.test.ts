import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CheckpointError } from '../errors.ts';
import {
  liveTensors,
  type NestedNumbers,
  noGrad,
  type Tensor,
  tensor,
  tidy,
} from '../tensor/index.ts';
import { adamW, clipGradNorm, decayGroups, type NamedParameters, sgd } from './index.ts';

type Listed = Record<string, NestedNumbers>;
interface Golden {
  start: Listed;
  steps: { microBatches: Listed[]; masters: Listed; rounded: Listed }[];
}
const golden = JSON.parse(
  readFileSync(new URL('../../test/golden/optim/masters.json', import.meta.url), 'utf8'),
) as Golden;

type Numbers = Parameters<ReturnType<typeof expect<Tensor>>['toBeAllClose']>[0];
const half = (values: NestedNumbers, requiresGrad = true) =>
  tensor(values, { dtype: 'bfloat16', requiresGrad });
const parametersFrom = (start: Listed): NamedParameters =>
  new Map(Object.entries(start).map(([name, values]) => [name, half(values)]));
const one = (value = 1): Map<string, Tensor> => new Map([['w', half([value])]]);
const weightOf = (parameters: NamedParameters): number => parameters.get('w')!.toArray()[0]!;

test('six steps of four micro-batches are those of PyTorch 2.13 on float32 copies', () => {
  const parameters = parametersFrom(golden.start);
  const optimizer = adamW(decayGroups(parameters, 0.1), { beta2: 0.99 });
  for (const { microBatches, masters, rounded } of golden.steps) {
    for (const gradients of microBatches) {
      for (const [name, parameter] of parameters) parameter.grad = half(gradients[name]!, false);
      optimizer.collectGradients();
    }
    optimizer.step(2e-5);
    optimizer.zeroGradients();
    for (const [name, parameter] of parameters) {
      const master = optimizer.parameters.get(name)!;
      expect(master.dtype).toBe('float32');
      expect(master).toBeAllClose(masters[name] as Numbers, { rtol: 3e-7, atol: 1e-9 });
      expect(parameter.toArray()).toEqual(master.to({ dtype: 'bfloat16' }).toArray());
      expect(parameter.reshape([-1])).toBeAllClose((rounded[name] as number[]).flat(2), {
        rtol: 2 ** -8,
      });
    }
  }
});

describe('an update of 1e-5 of the weight', () => {
  // bfloat16 numbers just below 1 are 2^-8 apart: a change below 2^-9 is rounded away.
  test('adds up through the master', () => {
    const parameters = one();
    const optimizer = sgd([{ parameters, weightDecay: 0 }]);
    for (let step = 0; step < 1000; step++) {
      parameters.get('w')!.grad = half([1], false);
      optimizer.step(1e-5);
      optimizer.zeroGradients();
    }
    // 1 − 1000 · 1e-5 = 0.99, which lies nearer to 253/256 = 0.98828 than to 254/256 = 0.99219.
    expect(optimizer.parameters.get('w')!).toBeAllClose([0.99], { atol: 1e-5 });
    expect(weightOf(parameters)).toBe(253 / 256);
  });

  test('vanishes in the weight itself', () => {
    const weight = half([1], false);
    noGrad(() => {
      for (let step = 0; step < 1000; step++) weight.sub_(half([1e-5], false));
    });
    expect(weight.toArray()).toEqual([1]);
  });
});

test('small gradients of many micro-batches are not lost beside a large one', () => {
  const parameters = one();
  const inHalf = half([1], false);
  const small = 2 ** -9;
  const optimizer = sgd([{ parameters, weightDecay: 0 }]);
  for (let micro = 0; micro <= 512; micro++) {
    const gradient = half([micro === 0 ? 1 : small], false);
    parameters.get('w')!.grad = gradient;
    optimizer.collectGradients();
    if (micro > 0) noGrad(() => inHalf.add_(gradient));
  }
  // 1 + 512 · 2^-9 = 2; in bfloat16, 1 + 2^-9 is a tie that rounds to 1, every time.
  expect(optimizer.parameters.get('w')!.grad!.toArray()).toEqual([2]);
  expect(inHalf.toArray()).toEqual([1]);
  expect(clipGradNorm(optimizer.parameters, 1).norm).toBe(2);
});

test('gradients that nobody collected are collected by the step', () => {
  const parameters = one();
  const optimizer = sgd([{ parameters, weightDecay: 0 }]);
  parameters.get('w')!.grad = half([1], false);
  optimizer.step(0.5);
  expect(weightOf(parameters)).toBe(0.5);
  expect(parameters.get('w')!.grad).toBeNull();
  optimizer.zeroGradients();
  expect(optimizer.parameters.get('w')!.grad).toBeNull();
});

test('a parameter without gradient keeps its value, however its master would round', () => {
  const parameters = new Map([...one(0.3), ['still', half([0.7])]]);
  const still = parameters.get('still')!.toArray();
  const optimizer = adamW(decayGroups(parameters, 0.1));
  parameters.get('w')!.grad = half([1], false);
  optimizer.step(0.1);
  expect(parameters.get('still')!.toArray()).toEqual(still);
});

test('parameters in full precision have no master and stay the ones that are updated', () => {
  const wide = tensor([1], { requiresGrad: true });
  const parameters = new Map([['wide', wide], ...one()]);
  const optimizer = adamW([{ parameters, weightDecay: 0 }]);
  expect(optimizer.parameters.get('wide')).toBe(wide);
  expect([...optimizer.state().tensors.keys()].sort()).toEqual([
    'exp_avg.w',
    'exp_avg.wide',
    'exp_avg_sq.w',
    'exp_avg_sq.wide',
    'master.w',
  ]);
  for (const parameter of parameters.values()) parameter.grad = noGrad(() => parameter.mul(3));
  optimizer.step(0.5);
  // The first step is η · sign(g) up to ε.
  expect(weightOf(parameters)).toBe(0.5);
  expect(wide).toBeAllClose([0.5], { atol: 1e-6 });
});

describe('a saved state', () => {
  const train = (
    parameters: NamedParameters,
    optimizer: ReturnType<typeof adamW>,
    from: number,
  ) => {
    for (let step = from; step < from + 20; step++) {
      parameters.get('w')!.grad = half([Math.sin(step)], false);
      optimizer.step(1e-3);
      optimizer.zeroGradients();
    }
  };
  const copyOf = ({ step, tensors }: ReturnType<ReturnType<typeof adamW>['state']>) => ({
    step,
    tensors: new Map([...tensors].map(([name, value]) => [name, value.clone()])),
  });

  test('continues bit for bit from weights that were saved rounded', () => {
    const parameters = one();
    const optimizer = adamW([{ parameters, weightDecay: 0 }]);
    train(parameters, optimizer, 0);
    const saved = copyOf(optimizer.state());
    const resumedParameters = one(weightOf(parameters));
    train(parameters, optimizer, 20);
    const resumed = adamW([{ parameters: resumedParameters, weightDecay: 0 }]);
    resumed.load(saved);
    train(resumedParameters, resumed, 20);
    expect(resumed.parameters.get('w')!.toArray()).toEqual(
      optimizer.parameters.get('w')!.toArray(),
    );
    expect(weightOf(resumedParameters)).toBe(weightOf(parameters));
  });

  test('of another dtype is refused with what to do', () => {
    const narrow = adamW([{ parameters: one(), weightDecay: 0 }]);
    const wide = adamW([
      { parameters: new Map([['w', tensor([1], { requiresGrad: true })]]), weightDecay: 0 },
    ]);
    expect(() => narrow.load(wide.state())).toThrow(CheckpointError);
    expect(() => narrow.load(wide.state())).toThrow(/master\.w is missing.*another dtype/);
    expect(() => wide.load(narrow.state())).toThrow(/master\.w is in the checkpoint.*dtype/);
  });
});

test('steps leave no tensor behind', () => {
  const parameters = one();
  const optimizer = adamW([{ parameters, weightDecay: 0 }]);
  const cycle = () => {
    tidy(() => {
      parameters.get('w')!.grad = half([1], false);
    });
    optimizer.collectGradients();
    optimizer.step(1e-3);
    optimizer.zeroGradients();
  };
  cycle();
  const before = liveTensors();
  for (let i = 0; i < 10; i++) cycle();
  expect(liveTensors()).toBe(before);
});
