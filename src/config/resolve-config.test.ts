import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { configDifferences, configGroup, defineConfig, resolveConfig, toYaml } from './index.ts';

const schema = defineConfig({
  name: 'toy',
  summary: 'A toy.',
  groups: {
    all: configGroup('All', {
      learningRate: z.number().gt(0).default(0.1).describe('Rate.'),
      evalStrategy: z.enum(['no', 'steps']).default('no').describe('When.'),
      template: z.string().nullable().default(null).describe('Text.'),
      extra: z.record(z.string(), z.unknown()).default({}).describe('Anything.'),
      model: z
        .strictObject({
          hiddenSize: z.int().min(1).default(4).describe('Width.'),
          headDim: z.int().min(1).nullable().default(null).describe('Head.'),
        })
        .nullable()
        .default(null)
        .describe('Model.'),
    }),
  },
});

describe('resolveConfig', () => {
  it('lets flags win over YAML and YAML over defaults', () => {
    const yamlText = 'learning_rate: 1e-3\ntemplate: "a\\nb"\n';
    const config = resolveConfig(schema, { yamlText, flags: { learning_rate: 0.5 } });
    expect(config).toMatchObject({ learningRate: 0.5, template: 'a\nb', evalStrategy: 'no' });
  });
  it('merges a nested option given in part by a flag', () => {
    const sources = { yamlText: 'model: {hidden_size: 8}', flags: { model: { head_dim: 2 } } };
    expect(resolveConfig(schema, sources).model).toEqual({ hiddenSize: 8, headDim: 2 });
  });
  it('leaves the keys of a free mapping as they are written', () => {
    const { extra } = resolveConfig(schema, {
      yamlText: 'extra: {enable_thinking: false, someKey: 1}',
    });
    expect(extra).toEqual({ enable_thinking: false, someKey: 1 });
  });
  it('takes a bare `no` as the word', () => {
    expect(resolveConfig(schema, { yamlText: 'eval_strategy: no' }).evalStrategy).toBe('no');
  });
  it('reads an empty file as all defaults', () => {
    expect(resolveConfig(schema, { yamlText: '# nothing\n' }).learningRate).toBe(0.1);
  });
  it('says in which file and line, or in which flag, a problem is', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'laurel-')), 'train.yaml');
    writeFileSync(file, '# comment\nlerning_rate: 1\nmodel:\n  hidden_size: 0\n');
    const act = () => resolveConfig(schema, { yamlFile: file, flags: { eval_strategy: 'now' } });
    expect(act).toThrow(`→ at lerning_rate (${file}, line 2)`);
    expect(act).toThrow(`→ at model.hidden_size (${file}, line 3)`);
    expect(act).toThrow('→ at eval_strategy (--eval_strategy)');
  });
  it('names a file that is missing, not YAML, or not a mapping', () => {
    expect(() => resolveConfig(schema, { yamlFile: 'nowhere.yaml' })).toThrow(
      'nowhere.yaml: the configuration file cannot be read',
    );
    expect(() => resolveConfig(schema, { yamlText: 'a: [1' })).toThrow('not valid YAML');
    expect(() => resolveConfig(schema, { yamlText: '- 1' })).toThrow(
      'expected a mapping of options',
    );
  });
});

describe('toYaml', () => {
  it('writes what resolveConfig reads back to the same values', () => {
    const yamlText =
      'learning_rate: 1e-7\ntemplate: "Q: {q}\\nA: "\nmodel: {head_dim: 3}\nextra: {a_b: [1, x]}';
    const config = resolveConfig(schema, { yamlText });
    expect(resolveConfig(schema, { yamlText: toYaml(config, schema) })).toEqual(config);
  });
});

describe('configDifferences', () => {
  it('lists the options that differ from their defaults, in snake_case', () => {
    const config = resolveConfig(schema, {
      yamlText: 'learning_rate: 0.2\neval_strategy: no\nmodel: {}',
    });
    expect(configDifferences(config, schema)).toEqual({
      learning_rate: 0.2,
      model: { hidden_size: 4, head_dim: null },
    });
  });
});
