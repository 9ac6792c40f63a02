import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { listFields, resolveConfig } from '../../config/index.ts';
import { dpoConfig, grpoConfig, sftConfig } from './index.ts';

const { options } = JSON.parse(
  readFileSync(new URL('../../../test/golden/lora/lora.json', import.meta.url), 'utf8'),
) as { options: Record<string, unknown> };

const rows = 'dataset_name: rows.jsonl\n';
const saved = `${rows}model_name_or_path: base\n`;
const fromScratch = `${rows}tokenizer: byte\nmodel: {hidden_size: 8}\n`;
const resolve = (yamlText: string) => resolveConfig(sftConfig, { yamlText, warn: () => {} });

describe('options of adapters', () => {
  it.each([sftConfig, dpoConfig, grpoConfig])('have TRL’s names and defaults: $name', (schema) => {
    const names = ['use_peft', 'lora_r', 'lora_alpha', 'lora_dropout', 'lora_target_modules'];
    for (const name of [...names, 'use_rslora']) {
      const field = listFields(schema).find((each) => each.name === name);
      expect(field?.defaultValue, name).toEqual(options[name]);
    }
    const known = new Set([
      ...listFields(schema).map((field) => field.name),
      ...Object.keys(schema.foreign),
    ]);
    const theirs = Object.keys(options).filter((name) => /peft|lora|dora/.test(name));
    expect(theirs.filter((name) => !known.has(name))).toEqual([]);
  });

  it('take all-linear as a word or as a list, and names as a list', () => {
    expect(resolve(`${saved}lora_target_modules: all-linear\n`).loraTargetModules).toEqual([
      'all-linear',
    ]);
    const list = resolve(`${saved}lora_target_modules: [q_proj, down_proj]\n`);
    expect(list.loraTargetModules).toEqual(['q_proj', 'down_proj']);
  });

  it('are refused for a model that is saved nowhere', () => {
    expect(() => resolve(`${fromScratch}use_peft: true\n`)).toThrow(
      /adapters are trained on a saved model/,
    );
    expect(resolve(`${saved}use_peft: true\n`).usePeft).toBe(true);
  });

  it('are refused with a reference that moves', () => {
    const yamlText = `${saved}use_peft: true\nsync_ref_model: true\n`;
    expect(() => resolveConfig(dpoConfig, { yamlText, warn: () => {} })).toThrow(
      /the model below the adapters, which does not move/,
    );
  });

  it.each([
    'use_dora: true',
    'lora_modules_to_save: [lm_head]',
    'lora_target_parameters: [experts]',
    'lora_task_type: SEQ_CLS',
  ])('%s is refused with what to do', (line) => {
    expect(() => resolve(`${saved}use_peft: true\n${line}\n`)).toThrow(/LoRA|CAUSAL_LM/);
  });
});
