import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { CheckpointError } from '../errors.ts';
import {
  noGrad,
  readSafetensors,
  type Tensor,
  tokenTensor,
  writeSafetensors,
} from '../tensor/index.ts';
import {
  hiddenStates,
  initModel,
  loadModel,
  logits,
  type Model,
  parameters,
  parseModelConfig,
  saveModel,
} from './index.ts';

const goldenFolder = new URL('../../test/golden/models/', import.meta.url);
const golden = (name: string) => fileURLToPath(new URL(name, goldenFolder));
const scratch = mkdtempSync(join(tmpdir(), 'laurel-models-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const folder = join(scratch, 'model');
const file = (name: string) => join(folder, name);
beforeEach(() => rmSync(folder, { recursive: true, force: true }));

interface GoldenCase {
  family: string;
  config: Record<string, unknown>;
}

const goldenValues = JSON.parse(readFileSync(golden('transformers-4.json'), 'utf8')) as {
  tokens: number[][];
  cases: Record<string, GoldenCase>;
};
const caseNames = Object.keys(goldenValues.cases);

/** Lays out a golden model as transformers would have saved it. */
function writeGolden(name: string): void {
  const { family, config } = goldenValues.cases[name]!;
  saveModel(folder, initModel(parseModelConfig(config), { seed: 1 }));
  for (const left of readdirSync(folder)) rmSync(file(left));
  writeFileSync(file('config.json'), JSON.stringify(config));
  copyFileSync(golden(`weights-${family}.safetensors`), file('model.safetensors'));
}

const tokens = tokenTensor(goldenValues.tokens.flat(), [2, goldenValues.tokens[0]!.length]);
const logitsOf = (model: Model): Tensor =>
  noGrad(() => logits(model, hiddenStates(model, { tokens })));

function expectSameWeights(found: Model, expected: Model): void {
  const named = parameters(expected);
  expect([...parameters(found).keys()]).toEqual([...named.keys()]);
  for (const [name, parameter] of parameters(found)) {
    expect(parameter.dtype).toBe(named.get(name)!.dtype);
    expect(parameter.toArray(), name).toEqual(named.get(name)!.toArray());
  }
}

describe('a saved folder', () => {
  it.each(caseNames)('%s loads as the same model', (name) => {
    writeGolden(name);
    const model = loadModel(folder);
    saveModel(folder, model);
    const again = loadModel(folder);
    expect(again.config).toMatchObject({ ...model.config, generation: {} });
    expectSameWeights(again, model);
  });

  it('is sharded above a size, and whole again below it', () => {
    writeGolden('llama');
    const model = loadModel(folder);
    saveModel(folder, model, { maxShardBytes: 30_000 });
    expect(readdirSync(folder)).toContain('model.safetensors.index.json');
    expect(readdirSync(folder)).not.toContain('model.safetensors');
    expectSameWeights(loadModel(folder), model);
    saveModel(folder, model);
    expect(readdirSync(folder).sort()).toEqual([
      'config.json',
      'generation_config.json',
      'model.safetensors',
    ]);
  });

  it('can be saved over itself', () => {
    writeGolden('qwen3');
    const model = loadModel(folder, { trainable: false });
    noGrad(() => model.weights.norm.mul_(2));
    saveModel(folder, model);
    expectSameWeights(loadModel(folder), model);
  });

  it('keeps bfloat16, runs so on the CPU, and converts when asked', () => {
    writeGolden('qwen2');
    const wide = loadModel(folder);
    saveModel(folder, loadModel(folder, { dtype: 'bfloat16' }));
    expect(JSON.parse(readFileSync(file('config.json'), 'utf8')).torch_dtype).toBe('bfloat16');
    const half = loadModel(folder);
    expect(half.weights.embedTokens.dtype).toBe('bfloat16');
    const converted = loadModel(folder, { dtype: 'float32' });
    for (const [name, parameter] of parameters(converted)) {
      const rounded = parameters(wide).get(name)!.to({ dtype: 'bfloat16' });
      expect(parameter.toArray(), name).toEqual(rounded.toArray());
    }
    const scale = logitsOf(wide).abs().max().item();
    const error = logitsOf(half).sub(logitsOf(converted)).abs().max().item();
    expect(error).toBeLessThan(0.1 * scale);
  });

  it('carries its generation settings along, whose end-of-text tokens count', () => {
    writeGolden('qwen2');
    const generation = { eos_token_id: [7, 9], temperature: 0.6, top_k: 20 };
    writeFileSync(file('generation_config.json'), JSON.stringify(generation));
    const model = loadModel(folder);
    expect(model.config.eosTokenIds).toEqual([7, 9]);
    saveModel(folder, model);
    expect(JSON.parse(readFileSync(file('generation_config.json'), 'utf8'))).toMatchObject(
      generation,
    );
  });
});

describe('a folder that does not fit is refused, saying how', () => {
  const rewrite = (change: (tensors: Map<string, Tensor>) => void): void => {
    const stored = readSafetensors(file('model.safetensors'));
    const tensors = new Map(stored.names.map((name) => [name, stored.tensor(name)]));
    change(tensors);
    writeSafetensors(file('model.safetensors'), tensors);
  };
  const expectError = (message: RegExp) => {
    expect(() => loadModel(folder)).toThrow(CheckpointError);
    expect(() => loadModel(folder)).toThrow(message);
  };
  beforeEach(() => writeGolden('llama'));

  it('without config.json', () => {
    rmSync(file('config.json'));
    expectError(/config.json: cannot be read \(ENOENT\)/);
  });

  it('with a config.json that is no JSON', () => {
    writeFileSync(file('config.json'), '{');
    expectError(/config.json: not JSON/);
  });

  it('without weights, and with weights of the old format only', () => {
    rmSync(file('model.safetensors'));
    expectError(/has neither model.safetensors nor/);
    writeFileSync(file('pytorch_model.bin'), '');
    expectError(/has pytorch_model.bin but no safetensors; convert it/);
  });

  it('with a tensor missing: expected against found', () => {
    // 2 layers of 16 tensors (7 matrices, 7 biases, 2 norms), embedding, norm and output matrix.
    rewrite((tensors) => tensors.delete('model.layers.1.mlp.up_proj.bias'));
    expectError(/expected 35 tensors, found 34\n {2}missing: model.layers.1.mlp.up_proj.bias/);
  });

  it('with a tensor too many', () => {
    rewrite((tensors) => tensors.set('model.extra', tensors.get('model.norm.weight')!));
    expectError(/expected 35 tensors, found 36\n {2}unexpected: model.extra/);
  });

  it('with another shape', () => {
    rewrite((tensors) =>
      tensors.set('model.norm.weight', tensors.get('model.norm.weight')!.narrow(0, 0, 5)),
    );
    expectError(/'model.norm.weight' has shape \[5\], config.json asks for \[32\]/);
  });

  it('with weights of another family', () => {
    copyFileSync(golden('weights-qwen3.safetensors'), file('model.safetensors'));
    expectError(/do not match config.json \(llama\)/);
  });

  it('with truncated weights', () => {
    truncateSync(file('model.safetensors'), 50_000);
    expectError(/the file is truncated/);
  });

  it('but not with buffers that old checkpoints carry, or a copy of a tied matrix', () => {
    rewrite((tensors) =>
      tensors.set(
        'model.layers.0.self_attn.rotary_emb.inv_freq',
        tensors.get('model.norm.weight')!,
      ),
    );
    expect(loadModel(folder).config.modelType).toBe('llama');
    rmSync(folder, { recursive: true });
    writeGolden('qwen2');
    rewrite((tensors) =>
      tensors.set('lm_head.weight', tensors.get('model.embed_tokens.weight')!.clone()),
    );
    expect(parameters(loadModel(folder)).has('lm_head.weight')).toBe(false);
  });
});

const python = process.env['LAUREL_PYTHON'];

it.skipIf(python === undefined)(
  'transformers loads what Laurel saves (set LAUREL_PYTHON to a python with transformers)',
  { timeout: 300_000 },
  () => {
    const save = (name: string, model: Model, options: { maxShardBytes?: number } = {}): string => {
      const saved = join(scratch, name);
      saveModel(saved, model, options);
      const check = new Map([
        ['tokens', tokens],
        ['logits', logitsOf(model)],
      ]);
      writeSafetensors(join(saved, 'check.safetensors'), check);
      return saved;
    };
    const folders = caseNames.map((name) => {
      writeGolden(name);
      return save(`python-${name}`, loadModel(folder));
    });
    const fresh = initModel(parseModelConfig(goldenValues.cases['qwen3']!.config), { seed: 5 });
    folders.push(save('python-sharded', fresh, { maxShardBytes: 20_000 }));
    const printed = execFileSync(python!, [golden('check_saved.py'), ...folders], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const found = JSON.parse(printed.toString()) as { difference: number }[];
    expect(found).toHaveLength(folders.length);
    for (const [i, result] of found.entries()) {
      const expected = { dtype: 'torch.float32', missing: [], unexpected: [] };
      expect(result, folders[i]!).toMatchObject(expected);
      expect(result.difference, folders[i]!).toBeLessThan(1e-4);
    }
  },
);
