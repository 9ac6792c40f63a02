import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CheckpointError } from '../errors.ts';
import {
  Generator,
  liveTensors,
  type NestedNumbers,
  noGrad,
  randn,
  type Tensor,
  tensor,
  tidy,
} from '../tensor/index.ts';
import {
  adamW,
  adamWRuns,
  clipGradNorm,
  decayGroups,
  type NamedParameters,
  type Optimizer,
  type ParameterGroup,
  type ScheduleOptions,
  schedules,
  sgd,
} from './index.ts';

type Listed = Record<string, NestedNumbers>;
interface Run {
  start: Listed;
  steps: { learningRate: number; gradients: Listed; parameters: Listed; moments: Listed }[];
}
interface Golden {
  adamw: Run;
  sgd: Run;
  plainSgd: Run;
  clipping: { maxNorm: number; gradients: Listed; norm: number; clipped: Listed }[];
  schedules: { name: keyof typeof schedules; options: ScheduleOptions; factors: number[] }[];
}
const golden = JSON.parse(
  readFileSync(new URL('../../test/golden/optim/optim.json', import.meta.url), 'utf8'),
) as Golden;

type Numbers = Parameters<ReturnType<typeof expect<Tensor>>['toBeAllClose']>[0];
const float64 = (values: NestedNumbers, requiresGrad = false) =>
  tensor(values, { dtype: 'float64', requiresGrad });

const parametersFrom = (start: Listed): NamedParameters =>
  new Map(Object.entries(start).map(([name, values]) => [name, float64(values, true)]));

function giveGradients(parameters: NamedParameters, gradients: Listed): void {
  for (const [name, parameter] of parameters) {
    parameter.grad = float64(gradients[name] as NestedNumbers);
  }
}

function replay(run: Run, make: (groups: ParameterGroup[]) => Optimizer): void {
  const parameters = parametersFrom(run.start);
  const optimizer = make(decayGroups(parameters, 0.1));
  for (const [i, expected] of run.steps.entries()) {
    giveGradients(parameters, expected.gradients);
    optimizer.step(expected.learningRate);
    expect(optimizer.stepCount).toBe(i + 1);
    for (const [name, values] of Object.entries(expected.parameters)) {
      expect(parameters.get(name) as Tensor).toBeAllClose(values as Numbers, {
        rtol: 0,
        atol: 1e-12,
      });
    }
    const { tensors } = optimizer.state();
    expect([...tensors.keys()].sort()).toEqual(Object.keys(expected.moments).sort());
    for (const [name, values] of Object.entries(expected.moments)) {
      expect(tensors.get(name) as Tensor).toBeAllClose(values as Numbers, { atol: 1e-12 });
    }
  }
}

describe('against PyTorch 2.13, five steps', () => {
  const float64OnCpu = { dtype: 'float64', device: 'cpu' } as const;
  const implementations = (['foreach', 'native', 'fused'] as const).filter((implementation) =>
    adamWRuns(implementation, float64OnCpu),
  );

  test.each(implementations)('AdamW (%s), with decay on the matrix only', (implementation) => {
    replay(golden.adamw, (groups) =>
      adamW(groups, { beta1: 0.8, beta2: 0.95, epsilon: 1e-6, implementation }),
    );
  });

  test('SGD with momentum', () => replay(golden.sgd, (groups) => sgd(groups, { momentum: 0.9 })));

  test('SGD without', () => replay(golden.plainSgd, (groups) => sgd(groups)));

  test.each(golden.clipping)('gradients clipped to a norm of $maxNorm', (expected) => {
    const parameters = parametersFrom(expected.gradients);
    giveGradients(parameters, expected.gradients);
    const { norm, nonFinite } = clipGradNorm(parameters, expected.maxNorm);
    expect(norm).toBeCloseTo(expected.norm, 12);
    expect(nonFinite).toBeUndefined();
    for (const [name, values] of Object.entries(expected.clipped)) {
      expect(parameters.get(name)?.grad as Tensor).toBeAllClose(values as Numbers, { rtol: 1e-12 });
    }
  });
});

test.each(golden.schedules)('$name over $options is that of transformers 5.18', (expected) => {
  const schedule = schedules[expected.name](expected.options);
  expect(expected.factors.map((_, step) => schedule(step))).toBeAllClose(expected.factors, {
    rtol: 0,
    atol: 1e-14,
  });
});

const generator = new Generator(3);
const randomParameters = (): NamedParameters =>
  new Map(
    ['a.weight', 'b.weight'].map((name) => [
      name,
      randn([5, 3], generator, { requiresGrad: true }),
    ]),
  );
const copyOf = (parameters: NamedParameters): NamedParameters =>
  new Map([...parameters].map(([name, value]) => [name, value.detach().clone().requireGrad()]));
const randomGradients = (...sets: NamedParameters[]) => {
  for (const name of ['a.weight', 'b.weight']) {
    const gradient = randn([5, 3], generator);
    for (const parameters of sets) (parameters.get(name) as Tensor).grad = gradient.clone();
  }
};
const values = (parameters: NamedParameters) =>
  [...parameters.values()].flatMap((p) => p.toArray());

describe('the state of AdamW', () => {
  test('a saved state continues bit for bit', () => {
    const first = randomParameters();
    const optimizer = adamW(decayGroups(first, 0.01));
    randomGradients(first);
    optimizer.step(0.01);
    const second = copyOf(first);
    const resumed = adamW(decayGroups(second, 0.01));
    resumed.load(optimizer.state());
    expect(resumed.stepCount).toBe(1);
    for (let i = 0; i < 3; i++) {
      randomGradients(first, second);
      optimizer.step(0.01);
      resumed.step(0.01);
    }
    expect(values(second)).toEqual(values(first));
  });

  test('loading copies: the saved tensors stay as they were', () => {
    const parameters = randomParameters();
    const optimizer = adamW(decayGroups(parameters, 0));
    const saved = new Map(
      [...optimizer.state().tensors].map(([name, value]) => [name, value.clone()]),
    );
    optimizer.load({ step: 7, tensors: saved });
    randomGradients(parameters);
    optimizer.step(0.1);
    expect([...saved.values()].flatMap((value) => value.toArray()).every((v) => v === 0)).toBe(
      true,
    );
    expect(optimizer.stepCount).toBe(8);
  });

  test('a state of another model is refused, and by name', () => {
    const optimizer = adamW(decayGroups(randomParameters(), 0));
    const other = adamW(
      decayGroups(new Map([['a.weight', randn([2, 3], generator, { requiresGrad: true })]]), 0),
    );
    expect(() => other.load(optimizer.state())).toThrow(CheckpointError);
    expect(() => other.load(optimizer.state())).toThrow(
      'exp_avg.a.weight is [5, 3] in the checkpoint, expected [2, 3]',
    );
    expect(() => optimizer.load(other.state())).toThrow(/exp_avg\.(a|b)\.weight/);
  });
});

describe('a step of AdamW', () => {
  test('a parameter without a gradient stays, and so do its moments', () => {
    const parameters = randomParameters();
    const optimizer = adamW(decayGroups(parameters, 0.1));
    randomGradients(parameters);
    const still = parameters.get('b.weight') as Tensor;
    still.grad = null;
    const before = still.toArray();
    optimizer.step(0.1);
    expect(still.toArray()).toEqual(before);
    expect(
      optimizer
        .state()
        .tensors.get('exp_avg.b.weight')
        ?.toArray()
        .every((v) => v === 0),
    ).toBe(true);
    optimizer.zeroGradients();
    expect(parameters.get('a.weight')?.grad).toBeNull();
  });

  test('parameters of several dtypes share a group', () => {
    const parameters = new Map([
      ['wide', float64([1, 2], true)],
      ['narrow', tensor([1, 2], { requiresGrad: true })],
    ]);
    const optimizer = adamW([{ parameters, weightDecay: 0 }]);
    for (const parameter of parameters.values()) parameter.grad = noGrad(() => parameter.mul(3));
    optimizer.step(0.5);
    // The first step is η · sign(g) up to ε.
    expect(parameters.get('wide') as Tensor).toBeAllClose([0.5, 1.5], { atol: 1e-7 });
    expect(parameters.get('narrow') as Tensor).toBeAllClose([0.5, 1.5], { atol: 1e-6 });
  });

  test('a gradient may have other strides than its parameter', () => {
    const [plain, turned] = [0, 1].map(
      () =>
        new Map([
          [
            'w',
            float64(
              [
                [1, 2, 3],
                [4, 5, 6],
              ],
              true,
            ),
          ],
        ]),
    ) as [Map<string, Tensor>, Map<string, Tensor>];
    const gradient = float64([
      [1, -2, 3],
      [-4, 5, -6],
    ]);
    (plain.get('w') as Tensor).grad = gradient;
    (turned.get('w') as Tensor).grad = gradient.transpose(0, 1).contiguous().transpose(0, 1);
    for (const parameters of [plain, turned]) {
      const optimizer = adamW(decayGroups(parameters, 0), { epsilon: 1 });
      optimizer.step(0.5);
    }
    expect(values(turned)).toEqual(values(plain));
  });

  test('a step leaves no tensor behind', () => {
    const parameters = randomParameters();
    const optimizer = adamW(decayGroups(parameters, 0.1));
    const oneStep = () =>
      tidy(() => {
        randomGradients(parameters);
        clipGradNorm(parameters, 1);
        optimizer.step(0.1);
        optimizer.zeroGradients();
      });
    oneStep();
    const before = liveTensors();
    oneStep();
    expect(liveTensors()).toBe(before);
  });
});

test('weight decay leaves out biases and every spelling of a norm', () => {
  const names = [
    'model.embed_tokens.weight',
    'model.layers.0.self_attn.q_proj.weight',
    'model.layers.0.self_attn.q_proj.bias',
    'model.layers.0.self_attn.q_norm.weight',
    'model.layers.0.input_layernorm.weight',
    'model.norm.weight',
  ];
  const [decayed, rest] = decayGroups(new Map(names.map((name) => [name, float64([0])])), 0.1) as [
    ParameterGroup,
    ParameterGroup,
  ];
  expect([...decayed.parameters.keys()]).toEqual(names.slice(0, 2));
  expect([...rest.parameters.keys()]).toEqual(names.slice(2));
  expect([decayed.weightDecay, rest.weightDecay]).toEqual([0.1, 0]);
});

test.each([Number.NaN, Infinity])('a gradient of %f is named and nothing is scaled', (value) => {
  const parameters = new Map(
    ['first', 'second', 'third'].map((name) => [name, float64([1, 2], true)]),
  );
  for (const [name, parameter] of parameters) {
    parameter.grad = float64(name === 'first' ? [30, 40] : [value, 0]);
  }
  expect(clipGradNorm(parameters, 1).nonFinite).toBe('second');
  expect(parameters.get('first')?.grad?.toArray()).toEqual([30, 40]);
});

test.each([0, Infinity])('a maximal norm of %d only measures', (maxNorm) => {
  const parameters = new Map([['only', float64([0, 0], true)]]);
  (parameters.get('only') as Tensor).grad = float64([3, 4]);
  expect(clipGradNorm(parameters, maxNorm).norm).toBe(5);
  expect(parameters.get('only')?.grad?.toArray()).toEqual([3, 4]);
});
