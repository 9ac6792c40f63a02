import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { CheckpointError, ConfigError } from '../../errors.ts';
import {
  Generator,
  noGrad,
  randn,
  readSafetensors,
  type Tensor,
  tidy,
  tokenTensor,
  writeSafetensors,
} from '../../tensor/index.ts';
import {
  adaptedModules,
  addAdapters,
  hiddenStates,
  type LoraOptions,
  loadModel,
  logits,
  type Model,
  mergeAdapters,
  parseModelConfig,
  saveModel,
  trainableParameters,
} from '../index.ts';
import { targetedModules } from './target-modules.ts';

const goldenOf = (folder: string) => (name: string) =>
  fileURLToPath(new URL(`../../../test/golden/${folder}/${name}`, import.meta.url));
const lora = goldenOf('lora');
const models = goldenOf('models');
const readJson = <Shape>(file: string) => JSON.parse(readFileSync(file, 'utf8')) as Shape;

const golden = readJson<{
  tokens: number[][];
  cases: Record<string, { family: string; modules: string[] }>;
  targets: { target: string | string[]; modules: string[] }[];
  defaults: Record<string, string[]>;
}>(lora('lora.json'));
const expected = readSafetensors(lora('lora.safetensors'));
const { cases: bases } = readJson<{ cases: Record<string, { config: Record<string, unknown> }> }>(
  models('transformers-5.json'),
);
const cases = Object.entries(golden.cases).map(([name, given]) => ({ name, ...given }));

const scratch = mkdtempSync(join(tmpdir(), 'laurel-lora-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** The golden base model, as a folder. */
function baseFolder(family: string): string {
  const folder = join(scratch, `base-${family}`);
  cpSync(models(`weights-${family}.safetensors`), join(folder, 'model.safetensors'));
  writeFileSync(join(folder, 'config.json'), JSON.stringify(bases[family]!.config));
  return folder;
}

/** An adapter folder as peft saved it, naming the base beside it. */
function adapterFolder(name: string, change: (config: Record<string, unknown>) => void = () => {}) {
  const folder = join(scratch, name);
  cpSync(lora(name), folder, { recursive: true });
  const { family } = golden.cases[name]!;
  baseFolder(family);
  const file = join(folder, 'adapter_config.json');
  const config = { ...readJson<object>(file), base_model_name_or_path: `../base-${family}` };
  change(config);
  writeFileSync(file, JSON.stringify(config));
  return folder;
}

const tokens = tokenTensor(golden.tokens.flat(), [golden.tokens.length, golden.tokens[0]!.length]);
const logitsOf = (model: Model): Tensor =>
  noGrad(() => logits(model, hiddenStates(model, { tokens })));
const difference = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item();

describe.each(cases)('peft saved $name', ({ name, family, modules }) => {
  it('and it gives the logits that peft gives, unmerged and merged', () => {
    const model = loadModel(adapterFolder(name));
    expect(
      adaptedModules(model)
        .map(({ module }) => module)
        .sort(),
    ).toEqual(modules);
    expect(difference(logitsOf(model), expected.tensor(name))).toBeLessThan(1e-4);
    const merged = mergeAdapters(model, { trainable: false });
    expect(difference(logitsOf(merged), expected.tensor(`${name}/merged`))).toBeLessThan(1e-4);
    const base = loadModel(baseFolder(family));
    expect(difference(logitsOf(base), expected.tensor(name))).toBeGreaterThan(0.05);
  });

  it('and saved again it keeps its matrices and its settings', () => {
    const folder = adapterFolder(name);
    const again = join(scratch, `${name}-again`);
    saveModel(again, loadModel(folder));
    const [before, after] = [folder, again].map((each) =>
      readSafetensors(join(each, 'adapter_model.safetensors')),
    );
    expect(after!.names.sort()).toEqual(before!.names.sort());
    for (const key of before!.names) {
      expect(difference(before!.tensor(key), after!.tensor(key)), key).toBe(0);
    }
    const settings = (of: string) => readJson<object>(join(of, 'adapter_config.json'));
    expect(settings(again)).toEqual(settings(folder));
  });
});

describe('target_modules', () => {
  const config = parseModelConfig(bases['llama']!.config);
  const namesOf = (target: string | readonly string[]) =>
    targetedModules(target, config)
      .map(({ name }) => name)
      .sort();

  it.each(golden.targets)('$target means what it means to peft', ({ target, modules }) => {
    expect(namesOf(target)).toEqual(modules);
  });

  it.each(Object.keys(golden.defaults))('left out, is what peft takes for %s', (family) => {
    const model = addAdapters(loadModel(baseFolder(family)), { seed: 1 });
    const names = adaptedModules(model).map(({ module }) => module);
    expect(names.sort()).toEqual(golden.defaults[family]);
  });

  it('may be a lone name', () => {
    expect(namesOf('q_proj')).toEqual(namesOf(['q_proj']));
    expect(namesOf(['all-linear'])).toEqual(namesOf('all-linear'));
  });

  it.each([
    ['a name of no module', ['q_proj', 'c_attn'], /"c_attn" names no module.*q_proj, k_proj/],
    ['the output matrix', ['lm_head'], /lm_head cannot be adapted/],
    ['the embedding, by a pattern', '.*', /lm_head cannot be adapted/],
    ['no regular expression', '(q_proj', /not a regular expression/],
    ['nothing', [], /nothing would be trained/],
  ] as const)('%s is refused', (_, target, message) => {
    expect(() => namesOf(target)).toThrow(ConfigError);
    expect(() => namesOf(target)).toThrow(message);
  });
});

describe('an adapter folder is refused', () => {
  const name = 'qwen2-default';

  it.each([
    ['DoRA', { use_dora: true }, /use_dora/],
    ['another kind', { peft_type: 'IA3' }, /peft_type/],
    ['whole modules beside it', { modules_to_save: ['lm_head'] }, /modules_to_save/],
    ['biases', { bias: 'all' }, /bias/],
    ['a start that changes the base', { init_lora_weights: 'pissa' }, /init_lora_weights/],
    ['another rank than its matrices', { r: 7 }, /lora_A.weight has shape \[4, 32\], expected \[7/],
    ['a base that is not here', { base_model_name_or_path: 'no/such' }, /"no\/such" is no model/],
  ])('for %s', (_, change, message) => {
    const folder = adapterFolder(name, (config) => Object.assign(config, change));
    expect(() => loadModel(folder)).toThrow(CheckpointError);
    expect(() => loadModel(folder)).toThrow(message);
  });

  it('when its matrices belong to another architecture', () => {
    const folder = adapterFolder(name, (config) => {
      config['base_model_name_or_path'] = baseFolder('qwen3');
    });
    expect(() => loadModel(folder)).toThrow(CheckpointError);
  });

  it('when one of its matrices is missing', () => {
    const folder = adapterFolder(name);
    const file = join(folder, 'adapter_model.safetensors');
    copyFileSync(file, `${file}.whole`);
    const whole = readSafetensors(`${file}.whole`);
    const [first] = whole.names.filter((each) => each.includes('lora_B'));
    const kept = whole.names.filter((each) => each !== first);
    writeSafetensors(file, new Map(kept.map((each) => [each, whole.tensor(each)])));
    expect(() => loadModel(folder)).toThrow(`${first} is missing`);
  });
});

const python = process.env['LAUREL_PYTHON'];

it.skipIf(python === undefined)(
  'peft loads what Laurel saves (set LAUREL_PYTHON to a python with peft)',
  { timeout: 300_000 },
  () => {
    const save = (family: string, options: LoraOptions): string => {
      const below = baseFolder(family);
      const model = addAdapters(loadModel(below), { ...options, baseModel: below, seed: 2 });
      const generator = new Generator(3);
      noGrad(() =>
        tidy(() => {
          for (const matrix of trainableParameters(model).values())
            matrix.copy_(randn(matrix.shape, generator).mul(0.2));
        }),
      );
      const folder = join(scratch, `python-${family}-${options.rank}`);
      saveModel(folder, model);
      const check = new Map([
        ['tokens', tokens],
        ['logits', logitsOf(model)],
      ]);
      writeSafetensors(join(folder, 'check.safetensors'), check);
      return folder;
    };
    const folders = [
      save('llama', { rank: 4, targetModules: 'all-linear', useRslora: true }),
      save('qwen2', { rank: 8 }),
      save('qwen3', { rank: 3, alpha: 5, targetModules: '.*\\.(gate|down)_proj', dropout: 0.1 }),
    ];
    const printed = execFileSync(python!, [lora('check_saved.py'), ...folders], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const found = JSON.parse(printed.toString()) as Record<string, number>[];
    expect(found.map(({ modules }) => modules)).toEqual([14, 4, 4]);
    for (const [i, result] of found.entries()) {
      expect(result['difference'], folders[i]!).toBeLessThan(1e-4);
      expect(result['merged'], folders[i]!).toBeLessThan(1e-4);
      expect(result['base'], folders[i]!).toBeGreaterThan(0.05);
    }
  },
);
